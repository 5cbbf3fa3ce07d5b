"""Measurements: the jobs, the table of a layer, files for analysis elsewhere."""
