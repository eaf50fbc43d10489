"""The product's way to the hosting server: one method for each thing it does. For threads, not for coroutines."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

TIMEOUT_S, CONNECT_S = 120.0, 2.0
LENGTH_BYTES = 4


class HostError(Exception):
    """The host did not do it. `code` is its own word for why: refused, files_needed, busy, lost, unreachable."""

    def __init__(self, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.code, self.retry_after_s = code, retry_after_s


class HostingClient:
    """A client of one server; may be shared by threads."""

    def __init__(self, control_url: str) -> None:
        """`control_url` carries the token as its password: `http://:TOKEN@127.0.0.1:PORT`."""
        parts = urlsplit(control_url)
        base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        self._client = httpx.Client(
            base_url=base,
            headers={"authorization": f"Bearer {parts.password or ''}"},
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S),
            trust_env=False,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def health(self) -> dict[str, Any]:
        """Return where the sites are: `sites_url`, `sites_port`."""
        return self._call("GET", "/health")

    def deploy(
        self, place: tuple[str, str], key: str, told: Mapping[str, Any], tar: Iterable[bytes] | None
    ) -> dict[str, Any]:
        """Ask for a deployment; with `tar` its files are sent. The same key makes one deployment only."""
        raw = json.dumps(dict(told)).encode()
        head = len(raw).to_bytes(LENGTH_BYTES) + raw
        return self._call("PUT", _deployment(place, key), content=_framed(head, tar))

    def deployment(self, place: tuple[str, str], key: str) -> dict[str, Any]:
        """Return how a deployment stands."""
        return self._call("GET", _deployment(place, key))

    def promote(self, place: tuple[str, str], key: str, percent: int) -> dict[str, Any]:
        """Give a deployment a share of the traffic."""
        return self._call("PUT", f"{_deployment(place, key)}/traffic", json={"percent": percent})

    def cancel(self, place: tuple[str, str], key: str) -> dict[str, Any]:
        """Stop a deployment that is not live."""
        return self._call("PUT", f"{_deployment(place, key)}/cancellation")

    def log(self, place: tuple[str, str], key: str, cursor: str) -> dict[str, Any]:
        """Return `lines` ([at, stream, text]) after a cursor, and the next `cursor`."""
        return self._call("GET", f"{_deployment(place, key)}/log", params={"cursor": cursor})

    def site(self, place: tuple[str, str]) -> dict[str, Any]:
        """Return a site with its deployments' phases."""
        return self._call("GET", _site(place))

    def sites(self) -> list[dict[str, Any]]:
        """Return everything the host holds."""
        return list(self._call("GET", "/sites")["sites"])

    def replace_variables(self, place: tuple[str, str], values: Mapping[str, str]) -> None:
        """Keep the variables of the next deployment."""
        self._call("PUT", f"{_site(place)}/variables", json=dict(values))

    def replace_domains(self, place: tuple[str, str], names: Sequence[str]) -> list[dict[str, Any]]:
        """Make these the site's host names."""
        return list(self._call("PUT", f"{_site(place)}/domains", json={"names": list(names)})["domains"])

    def configure(self, place: tuple[str, str], settings: Mapping[str, Any]) -> None:
        """Replace a site's settings."""
        self._call("PUT", f"{_site(place)}/settings", json=dict(settings))

    def suspend(self, place: tuple[str, str]) -> None:
        """Stop serving a site."""
        self._call("PUT", f"{_site(place)}/suspension")

    def resume(self, place: tuple[str, str]) -> None:
        """Serve a site again."""
        self._call("DELETE", f"{_site(place)}/suspension")

    def destroy(self, place: tuple[str, str]) -> None:
        """Remove a site with everything."""
        self._call("DELETE", _site(place))

    def usage(self) -> dict[str, Any]:
        """Return the batch of usage that waits: `batch` ("" where there is none) and `services`."""
        return self._call("GET", "/usage")

    def acknowledge(self, batch: str) -> bool:
        """Say that a batch is written down; False where the host does not know it any more."""
        try:
            self._call("POST", f"/usage/{quote(batch, safe='')}/acknowledgement")
        except HostError as error:
            if error.code != "lost":
                raise
            return False
        return True

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, **more)
            told = response.json() if response.content else {}
        except httpx.HTTPError as error:
            raise HostError(
                "unreachable", f"The hosting server does not answer: {error or type(error).__name__}"
            ) from error
        except ValueError as error:
            raise HostError("unreachable", "The hosting server's answer is malformed.") from error
        if response.is_success:
            return dict(told)
        retry = response.headers.get("retry-after")
        code = told.get("error") or (
            "lost" if response.status_code == httpx.codes.NOT_FOUND else "unreachable"
        )
        message = told.get("message") or f"The hosting server answered {response.status_code}."
        raise HostError(code, message, retry_after_s=float(retry) if retry else None)


def _framed(head: bytes, tar: Iterable[bytes] | None) -> Iterator[bytes]:
    yield head
    if tar is None:
        return
    digest = hashlib.sha256()
    for chunk in tar:
        digest.update(chunk)
        yield chunk
    yield digest.digest()


def _site(place: tuple[str, str]) -> str:
    tenant_id, name = place
    return f"/tenants/{quote(tenant_id, safe='')}/sites/{quote(name, safe='')}"


def _deployment(place: tuple[str, str], key: str) -> str:
    return f"{_site(place)}/deployments/{quote(key, safe='')}"
