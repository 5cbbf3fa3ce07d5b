"""Measurements explored: projections, clusters, unusual objects, gates, statistics."""
