"""The model as a dependency of other programs: a wheel with the graph, its contract, and the code that predicts."""
