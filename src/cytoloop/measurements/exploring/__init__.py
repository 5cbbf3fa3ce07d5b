"""Structure in tables of measurements: scaling, projections, clusters, unusual objects, statistics of groups.

Pure functions of arrays; randomness comes from a seed. May import ``core``.
"""
