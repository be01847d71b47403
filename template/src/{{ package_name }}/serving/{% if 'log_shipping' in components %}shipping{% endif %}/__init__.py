"""Collectors of logs that get every record of the prediction log, too: what one of any kind needs is a file here."""
