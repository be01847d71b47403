"""The page of a run, and two runs side by side. `page.py` puts it together of the sections that are there."""
