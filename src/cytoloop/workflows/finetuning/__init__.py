"""Learning segmentation from corrections: a model that exists goes on learning from what people accepted and drew."""
