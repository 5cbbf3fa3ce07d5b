"""Annotation files: single ones and sets, in and out, at once and as jobs."""
