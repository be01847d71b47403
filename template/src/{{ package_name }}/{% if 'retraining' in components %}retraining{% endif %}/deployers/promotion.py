"""By promotion: the alias moves at once, and whatever follows it serves the new model."""

from __future__ import annotations

from ...registry.promoting import promote
from ..loop import Loop
from ..notes import Note, with_note
from .base import Came, Deployer, New


def _deploy(loop: Loop, new: New) -> Came:
    outcome = promote(loop.project, loop.model, new.version, with_note(new.reason, Note(name=new.run)), loop.clock)
    return Came("serves", f"version {outcome.version} is promoted: {new.reason}")


PROMOTION = Deployer(name="promotion", rank=0, may=lambda _: True, deploy=_deploy)
