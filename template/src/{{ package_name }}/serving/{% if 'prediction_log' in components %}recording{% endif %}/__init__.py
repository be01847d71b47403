"""The prediction log: a structured record of every inference, written beside the answer and never in its way."""
