"""What a project says of itself: lock, answers, settings."""
