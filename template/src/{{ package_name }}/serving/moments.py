"""Dates and times in requests: ISO 8601 as far as all its readers agree, and no day that no calendar has.

The patterns stand on the page at `/docs`, so they say all that is checked, but for a contract's own bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic_core import PydanticCustomError

from ..contract.types import DatetimeColumn
from ..predictor.encoding import local

_YEAR = r"([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAYS = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_DATE = rf"({_YEAR}-{_DAYS}|{_LEAP_YEAR}-02-29)"
_TIME = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
# No place is further from UTC.
_OFFSET = r"(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
#: A date, or a date and time, with an offset or in a place's own time.
MOMENT = rf"^{_DATE}({_TIME}{_OFFSET}?)?$"
#: A date and time with its offset.
STATED = rf"^{_DATE}{_TIME}{_OFFSET}$"
_MOMENT, _STATED = re.compile(MOMENT), re.compile(STATED)


def moment_reader(column: DatetimeColumn, zone: str) -> Callable[[str], datetime]:
    """A reader of ISO texts that gives the place's own time."""
    low, high = (bound and local(bound, zone) for bound in (column.minimum, column.maximum))

    def read(text: str) -> datetime:
        try:
            moment = local(datetime.fromisoformat(text if _MOMENT.match(text) else ""), zone)
        except (ValueError, OverflowError):
            raise PydanticCustomError("moment", "Must be a date and time such as 2024-02-29T17:30:00+01:00") from None
        if low and moment < low:
            raise PydanticCustomError("early", "May not be before {low}", {"low": str(low)})
        if high and moment > high:
            raise PydanticCustomError("late", "May not be after {high}", {"high": str(high)})
        return moment

    return read


def in_utc(text: str) -> datetime:
    """A moment that was stated with its offset."""
    try:
        return datetime.fromisoformat(text if _STATED.match(text) else "").astimezone(UTC)
    except (ValueError, OverflowError):
        problem = "Must be a date and time with its offset, such as 2024-02-29T17:30:00+01:00"
        raise PydanticCustomError("stated", problem) from None
