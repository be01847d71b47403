"""Whether what is served is still what was learnt: summaries without rows, drift, windows of the prediction log, and their history."""
