"""What is known of a model in use, on one page and on one screen: each file of subjects/ tells of one thing."""
