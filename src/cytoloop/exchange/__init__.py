"""Readers and writers of annotation files: QuPath GeoJSON, COCO, label images, ImageJ ROI, CSV.

May import ``annotations``, ``measurements``, ``images``, ``core``. Coordinates are full-resolution px.
"""
