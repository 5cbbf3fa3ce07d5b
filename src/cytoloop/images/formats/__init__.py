"""One module a file format; each offers ``FORMAT`` and knows none of the others.

Shared helpers live beside this package, in ``cytoloop.images``.
"""
