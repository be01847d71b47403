"""From the trained pipeline to one ONNX graph, and the proof that both predict the same."""
