"""Classes of whole images: what is seen of an image, training on images that people classified, suggestions."""
