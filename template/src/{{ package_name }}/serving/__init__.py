"""The model as an HTTP service: FastAPI in front of one ONNX graph, without the training stack."""

from .app import create_app, serve

__all__ = ["create_app", "serve"]
