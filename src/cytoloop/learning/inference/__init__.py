"""Running networks: ONNX sessions, tiles, object size, test-time augmentation. No torch."""
