"""The networks: found in the packages that carry them, converted once for ONNX Runtime, checked, and cached."""
