"""Whole slides: where to look, in which tiles, and how what the tiles hold becomes one."""
