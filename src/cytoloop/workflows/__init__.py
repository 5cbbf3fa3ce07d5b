"""Use cases that cross domains, a folder for each: ``images``, ``objects``, ``segmentation``, ``measurements``, ...

Functions take their collaborators as arguments; ``runtime`` builds those. In a folder, what starts a job and stores its
results runs in the server; ``worker.py`` runs in a worker process, without a database.
"""
