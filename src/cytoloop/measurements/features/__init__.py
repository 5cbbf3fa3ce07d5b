"""Sets of further measurements: moments, texture, granularity, radial, colocalisation, ring, neighbours.

``catalogue`` names them and is cheap to import; ``computing`` runs them.
"""
