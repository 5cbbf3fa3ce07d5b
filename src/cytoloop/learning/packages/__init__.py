"""Model packages in the bioimage.io format: reading, writing, checking, import and export.

A package is a folder with ``rdf.yaml`` (or ``bioimageio.yaml``), ONNX weights, test tensors and a model card.
"""
