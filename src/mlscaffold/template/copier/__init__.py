"""The only package that imports Copier, Jinja2 and pydantic: what it knows of their private classes stays here."""
