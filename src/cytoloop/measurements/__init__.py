"""Numbers about objects: shape and intensity, tables, scores of segmentations. Pure functions.

May import ``core``; knows no database, job or project.
"""
