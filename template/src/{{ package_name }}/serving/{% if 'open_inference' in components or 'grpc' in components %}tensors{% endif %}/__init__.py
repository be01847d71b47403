"""Tensors of the Open Inference Protocol, version 2: what its shells have in common, however they are written."""
