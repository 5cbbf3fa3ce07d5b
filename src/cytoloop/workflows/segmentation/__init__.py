"""Segmentation: of images, whole slides and projects as jobs, and of files without a server."""
