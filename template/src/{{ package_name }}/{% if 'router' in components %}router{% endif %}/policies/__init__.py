"""The policies: a file each, found by being here."""
