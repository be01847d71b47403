"""What is known of the model in use, for the screen and for the page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ...artifacts import whole
from ...errors import DataError, SettingsError
from ...monitoring.settings import load_monitoring
from ...overview.looking import Overview, look
from ...overview.place import Place
from ...steps import Project


def overview_of(model: Path) -> Overview:
    """What all subjects tell of the current folder.

    Raises:
        SettingsError: settings are wrong, or the history cannot be read.
    """
    place = Place(project=Project(), model=model, settings=load_monitoring(), now=datetime.now(UTC))
    try:
        return look(place)
    except DataError as error:
        raise SettingsError(str(error), error.advice) from None


def write_page(overview: Overview, file: Path) -> None:
    """Replace the page whole; raises `DataError` if it cannot be written."""
    from ...overview.page import render

    page = render(overview, file)
    with whole(file) as place:
        place.write_text(page, encoding="utf-8", newline="\n")
