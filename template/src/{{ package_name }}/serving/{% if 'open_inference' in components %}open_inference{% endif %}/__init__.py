"""The Open Inference Protocol, version 2, in JSON."""
