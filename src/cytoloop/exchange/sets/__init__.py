"""Whole sets of files for many images: for training elsewhere, for other programs, and for looking at."""
