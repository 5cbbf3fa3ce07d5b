"""Classifiers that are networks: crops of objects and images, training in a process of its own, predictions."""
