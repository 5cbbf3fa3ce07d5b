"""Requests and responses of the web API, version 1, as pydantic models.

Seen by ``server`` and ``client`` only. JSON is snake_case; coordinates are full-resolution pixels,
origin top left, y down; times are ISO 8601 in UTC.
"""
