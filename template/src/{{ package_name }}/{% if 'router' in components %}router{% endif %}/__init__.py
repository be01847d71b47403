"""Which of several models answers a request: policies that decide, what is seen of each model, and what that proves."""
