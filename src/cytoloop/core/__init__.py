"""Vocabulary every layer shares: errors, units, geometry values, ids, axes, events, clock.

May import only the standard library, numpy and shapely.
"""
