"""From raw columns to predictions with an exported graph; needs numpy, pydantic and ONNX Runtime, and nothing of training."""
