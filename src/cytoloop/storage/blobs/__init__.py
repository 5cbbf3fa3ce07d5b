"""File sets by content (blobs): one contract, kept in a local folder or in an object store that speaks S3.

Only ``bucket`` knows the library that speaks to object stores, which is an extra.
"""
