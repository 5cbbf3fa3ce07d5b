"""Methods that find objects: what a method is, the registry, classical methods, later networks.

Pure functions on arrays; may import ``core``. Knows no database, job or project.
"""
