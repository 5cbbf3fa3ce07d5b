"""Executors run calls somewhere: in processes on this machine now, on a cluster later."""
