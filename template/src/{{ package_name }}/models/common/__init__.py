"""What all models share: preprocessing, scores, the exported graph."""
