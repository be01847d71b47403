"""What is asked, and the status that each answer has to have."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, and the status that its answer has to have."""

    head: str
    body: bytes
    status: int
    rows: int = 0

    def encoded(self, request_id: str) -> bytes:
        """As it is sent."""
        length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        return f"{self.head}\r\nHost: x\r\nX-Request-Id: {request_id}\r\n{length}\r\n".encode() + self.body


def asks_of(row: dict[str, object]) -> list[Ask]:
    """What is asked, each as often as it stands here."""
    post = "POST /predict HTTP/1.1\r\nContent-Type: application/json"

    def predict(rows: list[object], status: int = 200) -> Ask:
        body = json.dumps({"instances": rows}).encode()
        return Ask(head=post, body=body, status=status, rows=len(rows) if status == 200 else 0)

    return [
        *[predict([row])] * 40,
        *[predict([row] * 20)] * 4,
        predict([row] * 500),
        *[Ask(head=f"GET {path} HTTP/1.1", body=b"", status=200) for path in ("/health/live", "/metrics")],
        Ask(head="GET /openapi.json HTTP/1.1", body=b"", status=200),
        *[predict([{**row, "age": wrong}], 422) for wrong in (float("nan"), float("inf"), 10**400, "old", None)],
        predict([], 422),
        predict([{}] * 100_000, 422),
        Ask(head=post, body=b"[" * 1_000_000, status=422),
        Ask(head=post, body=b" " * (1024 * 1024 + 1), status=413),
        Ask(head="POST /predict HTTP/1.1\r\nContent-Type: text/csv", body=b"a,b", status=415),
        Ask(head="GET /nothing HTTP/1.1", body=b"", status=404),
    ]
