"""Landmarks: named points that are learnt from images on which people placed them, and found on others."""
