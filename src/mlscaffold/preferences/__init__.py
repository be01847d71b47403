"""What a person set for all projects."""
