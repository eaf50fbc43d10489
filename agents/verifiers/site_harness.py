"""Runs inside the sandbox: tests a site, starts it, and reads its pages. Its text is sent; it is not called here.

The spec: {"mark", "test", "start", "health", "port", "calls": [[method, path, body or null, status], ...]}. One line
"<mark> <json>" on standard output is the answer.
"""

# ruff: noqa: BLE001, S602 - foreign programs may do anything, and running the given commands is the purpose
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

TEST_S, START_S, CALL_S = 40, 20, 5
KEPT = 4_000  # characters of an output
PAGE = 200_000  # bytes of a page
MOST_LINKS = 30
RAN = re.compile(r"^Ran (\d+) tests?\b|^# tests (\d+)", re.MULTILINE)
FAILED = re.compile(r"^(?:FAIL|ERROR): (.+)$|^\s*not ok \d+ - (.+)$", re.MULTILINE)
LINK = re.compile(r"""(?:href|src)=["']([^"'#]+)""")


def tested(command: str) -> dict[str, Any]:
    """Run the tests and count them."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            shell=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TEST_S,
            check=False,
        )
        output, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired:
        return {"ran": 0, "failed": ["the tests"], "passed": False, "output": "they did not end in time"}
    found = RAN.search(output)
    ran = int(found[1] or found[2]) if found else 0
    failed = [one or other for one, other in FAILED.findall(output)][:20]
    took = round((time.monotonic() - began) * 1000)
    return {
        "ran": ran,
        "failed": failed,
        "passed": code == 0 and ran > 0,
        "output": output[-KEPT:],
        "ms": took,
    }


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the answer itself is what is looked at."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing, so that the answer comes back as it is."""


def call(base: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Call the site once; a site that does not answer gives status 0."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the loopback of the box
        base + path, data, {"Content-Type": "application/json"}, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        answer = opener.open(request, timeout=CALL_S)
    except urllib.error.HTTPError as error:
        answer = error
    except Exception as error:
        return {
            "method": method,
            "path": path,
            "status": 0,
            "type": "",
            "body": f"{type(error).__name__}: {error}",
        }
    with answer:
        text = answer.read(PAGE).decode(errors="replace")
        kind = answer.headers.get_content_type()
        return {"method": method, "path": path, "status": answer.status, "type": kind, "body": text}


def started(spec: dict[str, Any], log: Any) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start the site and wait until its health path answers; return the process, the status and the milliseconds."""
    environment = {**os.environ, "PORT": str(spec["port"]), "DATA_DIR": str(Path(".check").resolve())}
    began = time.monotonic()
    process = subprocess.Popen(
        spec["start"], shell=True, stdout=log, stderr=log, env=environment, start_new_session=True
    )
    status = 0
    while status == 0 and process.poll() is None and time.monotonic() - began < START_S:
        status = call(f"http://127.0.0.1:{spec['port']}", "GET", spec["health"])["status"]
        time.sleep(0.02 if status == 0 else 0)
    return process, status, round((time.monotonic() - began) * 1000)


def walked(base: str) -> list[dict[str, Any]]:
    """Read the first page and everything it links to on the site itself."""
    first = call(base, "GET", "/")
    links = dict.fromkeys(
        urllib.parse.unquote(link.replace("&amp;", "&")) for link in LINK.findall(first["body"])
    )
    local = [link for link in links if not urllib.parse.urlsplit(link).scheme and not link.startswith("//")]
    pages = [first]
    for link in local[:MOST_LINKS]:
        path = urllib.parse.urlsplit(urllib.parse.urljoin("http://site/", link)).path
        page = call(base, "GET", urllib.parse.quote(path))
        pages.append({**page, "body": page["body"] if page["type"] == "text/html" else page["body"][:500]})
    return pages


def report(spec: dict[str, Any]) -> dict[str, Any]:
    """Return everything found out."""
    found: dict[str, Any] = {"tests": tested(spec["test"])}
    base = f"http://127.0.0.1:{spec['port']}"
    with Path(".check/log").open("w+b") as log:
        process, status, took = started(spec, log)
        try:
            found |= {"health": status, "start_ms": took, "pages": walked(base) if status else []}
            found["calls"] = [
                {**call(base, method, path, body), "expected": expected}
                for method, path, body, expected in (spec["calls"] if status else [])
            ]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.seek(0)
        found["log"] = log.read().decode(errors="replace")[-KEPT:]
    return found


def main() -> None:
    """Read the spec, look, and write the one line."""
    spec = json.loads(Path(".check/spec.json").read_text(encoding="utf-8"))
    sys.stdout.write(f"\n{spec['mark']} {json.dumps(report(spec))}\n")


if __name__ == "__main__":
    main()
