"""The one shape of every refusal: problem details (RFC 9457) with a list of rows and fields."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 100


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    row: int | None = Field(description="Index in the list that was sent, from 0; null when it is not about a row.")
    field: str | None = Field(
        description="Name of the column; null when it is not about a column. Unknown ones are cut."
    )
    problem: str


class Problem(BaseModel):
    """Why a request was refused. ``errors`` lists the faults that were found."""

    title: str
    status: int
    detail: str
    error_count: int = Field(
        default=0,
        le=MAX_FAULTS,
        description=f"Length of `errors`. Checking stops at {MAX_FAULTS}: then there may be more.",
    )
    errors: list[Fault] = Field(default=[], max_length=MAX_FAULTS)


#: Writes a refusal: its body, and the type of that.
Tell = Callable[[Problem], tuple[bytes, str]]


def tell_problem(problem: Problem) -> tuple[bytes, str]:
    """A refusal as RFC 9457 has it."""
    return problem.model_dump_json().encode(), MEDIA_TYPE


class RefusedError(Exception):
    """Raised by a handler to answer with a problem instead of a result."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        listed = list(faults)
        self.problem = Problem(title=title, status=status, detail=detail, error_count=len(listed), errors=listed)
        self.headers = headers


def invalid(faults: list[Fault]) -> RefusedError:
    """Return the refusal of a request that does not keep the contract."""
    detail = "The request does not keep the model's contract; /docs shows it, with an example."
    return RefusedError(422, "Invalid request", detail, faults=faults)
