"""Methods without training: thresholds, distance transforms, blobs, watersheds.

May import ``core`` and the interface in ``learning/method.py``.
"""
