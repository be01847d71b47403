"""How people label: whether they agree, and whether their labels stay as frequent as they were."""
