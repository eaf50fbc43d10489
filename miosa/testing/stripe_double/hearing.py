"""One request from its arrival to its answer: key, judge, idempotency, work, judge."""

import hashlib
import traceback
from typing import Any

from miosa.testing.stripe_double.judge import Judged, judged
from miosa.testing.stripe_double.routes import route_of
from miosa.testing.stripe_double.world import Refusal, World

KEY = "sk_test_double"
Answered = tuple[int, Any]


class Hearing:
    """`violations`: what was wrong with requests and answers by Stripe's document."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.violations: list[str] = []

    def answer(self, method: str, path: str, *, query: str, body: str, headers: dict[str, str]) -> Answered:
        """Return status and content."""
        with self._world.lock:
            try:
                return self._answer(method, path, query=query, body=body, headers=headers)
            except Refusal as refusal:
                return refusal.status, refusal.content
            except Exception:  # noqa: BLE001  (a double that is broken says where)
                self.violations.append(f"{method} {path}: {traceback.format_exc(limit=-4)}")
                return 500, {"error": {"type": "api_error", "message": "The double is broken."}}

    def _answer(self, method: str, path: str, *, query: str, body: str, headers: dict[str, str]) -> Answered:
        if headers.get("authorization") != f"Bearer {KEY}":
            raise Refusal(401, "Invalid API Key provided.")
        operation, found = judged(method, path), route_of(method, path)
        if operation is None or found is None:
            self.violations.append(f"{method} {path} is not in the document, or not in the double")
            raise Refusal(404, f"Unrecognized request URL ({method}: {path}).")
        given, complaint = operation.request(query, body)
        if complaint:
            self.violations.append(f"{method} {path}: {complaint}")
            raise Refusal(400, complaint)
        key = headers.get("idempotency-key", "")
        if method != "POST":
            return 200, self._carried_out(operation, found, given)
        if not key:
            self.violations.append(f"POST {path} without an Idempotency-Key")
        return self._once(
            key,
            _mark(path, body),
            lambda: self._posted(operation, found, given, path, key),
        )

    def spoil(self, path: str, body: str, headers: dict[str, str], answered: Answered) -> None:
        """Keep an error of our own as the answer to a key: whoever repeats the request gets it again."""
        if key := headers.get("idempotency-key", ""):
            self._world.idempotent[key] = (_mark(path, body), *answered)

    def _once(self, key: str, mark: str, work: Any) -> Answered:
        """The same key and request get the first answer, also a refusal; another request with it is an error."""
        if key in self._world.idempotent:
            known, status, content = self._world.idempotent[key]
            if known != mark:
                raise Refusal(
                    400,
                    "Keys for idempotent requests can only be used with the same parameters.",
                    code="idempotency_key_in_use",
                )
            return status, content
        try:
            answered: Answered = (200, work())
        except Refusal as refusal:
            answered = (refusal.status, refusal.content)
        self._world.idempotent[key] = (mark, *answered)
        return answered

    def _posted(self, operation: Judged, found: Any, given: dict[str, Any], path: str, key: str) -> Any:
        content = self._carried_out(operation, found, given)
        self._world.carried_out.append((path, key))
        return content

    def _carried_out(self, operation: Judged, found: Any, given: dict[str, Any]) -> Any:
        route, ids = found
        content = route(self._world, given, *ids)
        if isinstance(content, list):
            content = self._page(content, given, operation.path)
        if complaint := operation.answer(content):
            self.violations.append(f"our answer to {operation.method} {operation.path}: {complaint}")
        return content

    def _page(self, rows: list[dict[str, Any]], given: dict[str, Any], path: str) -> dict[str, Any]:
        limit = min(int(given.get("limit", 10)), self._world.page)
        ids = [row["id"] for row in rows]
        first = ids.index(given["starting_after"]) + 1 if given.get("starting_after") in ids else 0
        shown = rows[first : first + limit]
        return {"object": "list", "data": shown, "has_more": first + limit < len(rows), "url": path}


def _mark(path: str, body: str) -> str:
    return f"{path} {hashlib.sha256(body.encode()).hexdigest()}"
