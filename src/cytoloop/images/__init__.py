"""Images: what a source of pixels is, its pyramid, its rendering, and the file formats.

May import ``core`` and imaging libraries; knows no database, job or project.
"""
