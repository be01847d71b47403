"""FastAPI with a pydantic body, as its documentation has it; `async`, for a run is shorter than a change of threads."""

from typing import Any

from fastapi import FastAPI
from model import columns, predict
from pydantic import create_model

_FIELDS: dict[str, Any] = dict.fromkeys(columns.get("numbers", []), (float, ...))
_FIELDS |= {name: (str, ...) for kind in ("categories", "texts") for name in columns.get(kind, [])}
Row: Any = create_model("Row", **_FIELDS)
Request: Any = create_model("Request", instances=(list[Row], ...))
app = FastAPI()


@app.post("/predict")
async def answer(request: Request) -> dict[str, Any]:
    """Predictions of rows."""
    return {"predictions": [predict(row.model_dump()) for row in request.instances]}
