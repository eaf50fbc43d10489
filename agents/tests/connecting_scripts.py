"""What a capable model writes as a client of several calls: at first it does not honour how long it is told to wait."""

from agents.tests.jobs_scripts import is_plan, plan, turns_of
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked

HEAD = '''"""Client of the shop: orders page by page, repeats with growing waits, and signed webhooks."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

PASSING = {429, 502, 503, 504, None}
TRIES = 4


class CallFailedError(Exception):
    """The service refused; `status` is None where no answer came."""

    def __init__(self, status: int | None, detail: str, wait_s: float = 0) -> None:
        super().__init__(f"{status or 'no answer'}: {detail}")
        self.status, self.wait_s = status, wait_s


class Client:
    """The shop's calls."""

    def __init__(self, base_url: str, credential: str = "", timeout_s: float = 10) -> None:
        self.base_url, self.credential, self.timeout_s = base_url, credential, timeout_s

    def fetch_orders(self) -> list[Any]:
        """Return all orders."""
        rows: list[Any] = []
        cursor = ""
        while True:
            page = self._call("GET", f"/v1/orders{'?cursor=' + cursor if cursor else ''}")
            rows += page["items"]
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return rows

    def send_orders(self, payload: dict[str, Any]) -> Any:
        """Send an order."""
        return self._call("POST", "/v1/orders", payload)

    def fetch_orders_id(self, id: str) -> Any:
        """Return one order."""
        return self._call("GET", f"/v1/orders/{id}")

    def _call(self, method: str, path: str, payload: Any = None) -> Any:
        for number in range(TRIES):
            try:
                return self._once(method, path, payload)
            except CallFailedError as error:
                if error.status not in PASSING or number == TRIES - 1:
                    raise
                time.sleep(WAIT)
        raise AssertionError("unreachable")

    def _once(self, method: str, path: str, payload: Any) -> Any:
        data = None if payload is None else json.dumps(payload).encode()
        headers = {"Authorization": f"Bearer {self.credential}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base_url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            wait_s = float(error.headers.get("Retry-After") or 0)
            raise CallFailedError(error.code, error.reason, wait_s) from error
        except OSError as error:
            raise CallFailedError(None, str(error)) from error


def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a webhook is genuine."""
    said = {name.lower(): value for name, value in headers.items()}.get("x-shop-signature", "")
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(said.removeprefix("sha256="), right)
'''
HASTY = HEAD.replace("WAIT", "2.0**number")
PATIENT = HEAD.replace("WAIT", "max(2.0**number, error.wait_s)")
TESTS = """import pytest

from client import CallFailedError, Client, signed


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(CallFailedError) as caught:
        Client("http://127.0.0.1:9", timeout_s=1).fetch_orders()
    assert caught.value.status is None


def test_an_unsigned_webhook() -> None:
    assert not signed("s", b"{}", {})
"""


def connector(last: str):
    """A model that writes the hasty client, and once told `last`."""

    def says(asked: Asked) -> Reply:
        if is_plan(asked):
            return plan(("integration", "Write the client"))
        turns = turns_of(asked)
        if "Write the client of it with the tools" not in str(turns[1]["content"]):
            return Reply(text="{}")
        told = any("not right yet" in str(turn["content"]) for turn in turns)
        written = sum("class Client" in str(turn.get("tool_calls")) for turn in turns)
        if written > told:
            return Reply(text="It reads all pages, repeats what passes and checks signatures.")
        source = last if told else HASTY
        calls = [("write_file", {"path": "client.py", "content": source})]
        calls += [] if told else [("write_file", {"path": "test_client.py", "content": TESTS})]
        return Reply(text="I write it.", calls=calls)

    return says
