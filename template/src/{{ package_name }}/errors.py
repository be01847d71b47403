"""Errors that a user can act on: what happened and where, then what to do next. Shown without a traceback."""

from __future__ import annotations

#: What `decide` ends with: the new model took the alias, the champion stays, a gate has refused. Gates end with the last, too.
PROMOTED, KEPT, BLOCKED = 0, 10, 11
#: What `monitor` ends with where something needs a look.
ALARM = 12


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


class BlockedError(LineageError):
    """A gate has refused what a step would build on."""

    exit_code = BLOCKED


class GateError(ProjectError):
    """A gate refuses the model, or what it would be made of: the decision is `block`."""

    exit_code = BLOCKED


class LeakageError(GateError):
    """A feature knows what nobody can know at the moment of prediction."""


class AcceptanceError(GateError):
    """The model is not good enough, or too good to be true."""


class ParityError(GateError):
    """The exported graph does not predict what the trained model predicts."""


class ProofError(ProjectError):
    """What stands beside the graph (another form of it, a graph of clusters) does not say what it should; no gate of the model."""


class TrackingError(ProjectError):
    """The tracking server cannot be used."""
