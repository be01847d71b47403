"""The model as a function that a cloud calls: one zip file with the graph, the code that predicts, and the libraries it uses."""
