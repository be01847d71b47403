"""What configuration does to tables and rows around dataset.py."""
