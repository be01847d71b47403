"""The model as an HTTP service: FastAPI in front of one ONNX graph, without the training stack."""

from .app import create_app, serve
from .errors import AddressError, ModelFileError, ServingError

__all__ = ["AddressError", "ModelFileError", "ServingError", "create_app", "serve"]
