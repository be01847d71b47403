"""Answers by queue: requests come in by one, answers go out by another, and what is wrong goes to a third, with the reason."""
