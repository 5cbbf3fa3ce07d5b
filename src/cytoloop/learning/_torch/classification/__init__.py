"""Networks that tell crops apart: from nothing, or on the encoder of the shipped segmentation network."""
