"""Objects on images: geometry, layers, the store, history, raster <-> polygon, vector tiles.

May import ``storage``, ``core``; knows no HTTP, image format or job. ``image_id`` here is the row of
the image in its project.
"""
