"""A cluster that runs tasks: its certificate, its plan, its scheduler, and what its nodes do.

Needs the extra ``cluster``; nothing outside this folder and ``executors/dask.py`` imports Dask. Nodes have no
database: they read calls and files below the home folder, which they see at the same path as the server.
"""
