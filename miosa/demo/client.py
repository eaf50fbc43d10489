"""The demo speaks to the product as anybody would: over the REST API."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from miosa.demo.account import Account
from miosa.http.event_stream import read_events

RECONNECT_S = 0.5
GIVE_UP_S = 60.0
ENDINGS = frozenset({"task_completed", "task_failed", "task_cancelled"})


class Refused(Exception):  # noqa: N818  reads as what happened
    """The API refused a request; the message is the problem's own detail."""


class Client:
    """One tenant's client. Every method raises Refused, or httpx.HTTPError while the server is away."""

    def __init__(self, base_url: str, account: Account) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"Bearer {account.api_key}"},
            timeout=30,
            trust_env=False,
        )

    def submit(
        self, task: str, *, deploy: bool = False, project: str = "", files: Sequence[dict[str, str]] = ()
    ) -> str:
        """Hand in a task; return the id of its execution. `deploy`: what is made shall go online, as `project`."""
        asked: dict[str, Any] = {"request": task, "deploy": deploy, "files": list(files)}
        asked |= {"project": project} if project else {}
        body = self._checked(self._http.post("/tasks", json=asked))
        return str(body["id"])

    def pending(self, execution_id: str) -> list[dict[str, Any]]:
        """Return the approvals that an execution waits for."""
        rows: list[dict[str, Any]] = self.read("/approvals", state="pending", execution_id=execution_id)[
            "items"
        ]
        return rows

    def approve(self, approval: dict[str, Any], *, note: str) -> None:
        """Say yes to exactly what was read."""
        said = {"approve": True, "digest": approval["digest"], "note": note}
        self._checked(self._http.post(f"/approvals/{approval['id']}/decision", json=said))

    def read(self, path: str, **query: str) -> Any:
        """GET a path and return its JSON."""
        return self._checked(self._http.get(path, params=query))

    def all(self, path: str) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        found, page = [], self.read(path, limit="200")
        while True:
            found += page["items"]
            if not page["next"]:
                return found
            page = self._checked(self._http.get(page["next"]))

    def content(self, path: str) -> bytes:
        """GET a path and return its bytes."""
        response = self._http.get(path)
        if response.is_error:
            self._checked(response)
        return response.content

    def follow(self, execution_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (kind, data) of each event to the last one; connects again where it was cut off."""
        seen, cut_at = "", 0.0
        while True:
            try:
                for event in self._events(execution_id, seen):
                    seen, cut_at = event["id"], 0.0
                    yield event["kind"], event["data"]
                    if event["kind"] in ENDINGS:
                        return
            except httpx.TransportError:
                cut_at = cut_at or time.monotonic()
                if time.monotonic() - cut_at > GIVE_UP_S:
                    raise
            time.sleep(RECONNECT_S)

    def _events(self, execution_id: str, seen: str) -> Iterator[dict[str, Any]]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
        timeout = httpx.Timeout(10, read=60)
        with self._http.stream(
            "GET", f"/executions/{execution_id}/events", headers=headers, timeout=timeout
        ) as response:
            if response.is_error:
                response.read()
                self._checked(response)
            for event in read_events(response.iter_lines()):
                data = json.loads(event.data)
                yield {"id": event.id, "kind": event.event, "data": data}

    def _checked(self, response: httpx.Response) -> Any:
        if response.is_success:
            return response.json()
        try:
            told = response.json()
        except ValueError:
            told = {}
        raise Refused(
            f"{response.status_code}: {told.get('detail') or told.get('title') or response.text[:200]}"
        )
