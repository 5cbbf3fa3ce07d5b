"""Where things are kept: the database engine, its migrations, and blobs (files by content).

Knows no domain: the tables of a domain are declared beside its store. May import ``core``.
"""
