"""Landmarks: training and using detectors, reviewing what they found, distances and angles."""
