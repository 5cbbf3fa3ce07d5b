"""Numbered versions on disk: folders, and shelves of packages; of pixel classifiers and landmark detectors."""
