"""Errors that a user can act on: what happened and where, then what to do next. Shown without a traceback."""

from __future__ import annotations


class ProjectError(Exception):
    """Something outside the code is wrong.

    Args:
        message: what happened, and where.
        advice: what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class SettingsError(ProjectError):
    """A configuration file, or an option on the command line, is wrong."""

    exit_code = 2


class DataError(ProjectError):
    """A table cannot be read, or holds what it must not hold."""


class LineageError(ProjectError):
    """What a step reads is missing, failed, or was made from something else than what is there now."""


class LeakageError(ProjectError):
    """A feature knows what nobody can know at the moment of prediction."""


class AcceptanceError(ProjectError):
    """The model is not good enough, or too good to be true."""


class ParityError(ProjectError):
    """The exported graph does not predict what the trained model predicts."""


class TrackingError(ProjectError):
    """The tracking server cannot be used."""
