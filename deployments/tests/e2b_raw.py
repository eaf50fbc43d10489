"""Requests of the wire written by hand, as the SDK would never send them."""

from pathlib import Path


def connect_headers(sandbox):
    return {
        "E2b-Sandbox-Id": sandbox.sandbox_id,
        "X-Access-Token": sandbox._envd_access_token,
        "Content-Type": "application/connect+json",
        "Connect-Protocol-Version": "1",
    }


def raw_head(method, path, sandbox, *lines):
    own = (
        f"E2b-Sandbox-Id: {sandbox.sandbox_id}",
        f"X-Access-Token: {sandbox._envd_access_token}",
        "Host: x",
    )
    return "\r\n".join([f"{method} {path} HTTP/1.1", *own, *lines, "", ""]).encode()


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
