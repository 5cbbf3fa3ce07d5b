"""Methods and preprocessing compared on the same pixels: the grid, its job, what a worker does for a row."""
