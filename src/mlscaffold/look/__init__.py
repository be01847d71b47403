"""Verbs that look and change nothing: `diff`, `why`, `doctor`, `questions`, `versions`."""
