"""Cytoloop: open, annotate, segment, classify and measure bioimages.

The package is layered; each layer imports only from those below it. See
``docs/explanation/architecture.md`` for the map.
"""

__version__ = "0.1.0"
