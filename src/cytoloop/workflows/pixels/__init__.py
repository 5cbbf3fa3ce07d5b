"""Pixel classifiers: scribbles, training, preview, versions."""
