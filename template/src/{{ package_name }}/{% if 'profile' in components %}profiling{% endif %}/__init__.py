"""The profile of the data: one page, made of the rows to learn from. `page.py` puts it together."""
