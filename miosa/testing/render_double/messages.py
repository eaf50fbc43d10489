"""A request and an answer of the double, and a refusal in Render's form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request; `path` without /v1."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """Return the body, {} for an empty one."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise Refusal(400, "the body is no JSON") from error

    def one(self, name: str, otherwise: str = "") -> str:
        """Return one query parameter."""
        return self.query.get(name, [otherwise])[0]

    def several(self, name: str) -> list[str]:
        """Return a list, repeated or separated by commas."""
        return [part for value in self.query.get(name, ()) for part in value.split(",") if part]


@dataclass
class Answer:
    """One answer; None is no body at all."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return b"" if self.content is None else json.dumps(self.content).encode()


class Refusal(Exception):  # noqa: N818  (it is an answer)
    """Render's error answer: {id, message}."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> Answer:
        """Return it as an answer."""
        return Answer(self.status, {"id": "err-1", "message": str(self)})


def page(asked: Asked, rows: list[dict[str, Any]], item: str, *, key: str = "id") -> Answer:
    """Return a page of a list as Render does: each with its cursor, after the cursor that was asked for."""
    limit, after = int(asked.one("limit", "20")), asked.one("cursor")
    ids = [str(row[key]) for row in rows]
    first = ids.index(after) + 1 if after in ids else 0
    return Answer(200, [{item: row, "cursor": str(row[key])} for row in rows[first : first + limit]])
