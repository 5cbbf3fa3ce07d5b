"""Use cases that cross domains: import images, segment, measure, exchange, make the sample project.

Functions take their collaborators as arguments; ``runtime`` builds those.
"""
