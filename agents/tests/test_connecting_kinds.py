"""Pages and signatures as usual services have them: a right client passes, one with one thing wrong is found out."""

import pytest

from agents.tests.connecting_scripts import PATIENT
from agents.tests.test_connecting import faults
from agents.text.wire_job import interface, job_of

FETCH = "Write a client of GET https://api.example.com/v1/orders with a bearer token, "
CURSOR = """            page = self._call("GET", f"/v1/orders{'?cursor=' + cursor if cursor else ''}")
            rows += page["items"]
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return rows
"""
OFFSET = """            page = self._call("GET", f"/v1/orders?offset={len(rows)}&limit=50")
            rows += page["items"]
            if not page["items"]:
                return rows
"""
TOKEN = CURSOR.replace("?cursor=", "?page_token=").replace("next_cursor", "next_page_token")
BEGIN, END = PATIENT.split("def signed(")
HEAD = (
    "import base64\n" + BEGIN + "def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:\n"
)
LOWER = "    told = {name.lower(): value for name, value in headers.items()}\n"
STRIPE = f"""{HEAD}{LOWER}    parts = [part.partition("=") for part in told.get("stripe-signature", "").split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:
        return False
    right = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value, right) for name, _, value in parts if name == "v1")
"""
SLACK = f"""{HEAD}{LOWER}    at = told.get("x-slack-request-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > 300:
        return False
    right = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(told.get("x-slack-signature", ""), "v0=" + right)
"""
SHOPIFY = f"""{HEAD}{LOWER}    right = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(told.get("x-shopify-hmac-sha256", ""), right)
"""
SIGNED = {
    "stripe": ("Stripe-Signature", STRIPE),
    "slack": ("X-Slack-Signature", SLACK),
    "base64": ("X-Shopify-Hmac-Sha256", SHOPIFY),
}


def signed_job(kind):
    return job_of(f"{FETCH}and check webhooks that are signed in the header {SIGNED[kind][0]}")


@pytest.mark.parametrize(
    ("said", "style", "loop", "query"),
    [
        ("paginated by offset and limit", "offset", OFFSET, "?offset={len(rows)}&"),
        ("all pages by next_page_token", "token", TOKEN, "?page_token="),
    ],
)
def test_pages_in_other_ways(said, style, loop, query):
    """All rows of all pages; asked for in another way the second page does not come."""
    job = job_of(FETCH + said)
    assert job.pages == style
    right = PATIENT.replace(CURSOR, loop)
    assert faults(right, job).keys() & {"every call is as described", "all pages are read"} == set()
    assert "was asked for by" in faults(right.replace(query, "?after=7&"), job)["all pages are read"]


@pytest.mark.parametrize("kind", SIGNED)
def test_a_right_client_knows_genuine_webhooks(kind):
    """As the service signs them, with the time where it signs that too."""
    job = signed_job(kind)
    assert (job.signature, job.signing) == (SIGNED[kind][0], kind)
    assert SIGNED[kind][0] in interface(job)
    assert "signatures are checked" not in faults(SIGNED[kind][1], job)


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("stripe", "> 300", "> 9_000", "an old one is taken"),
        ("stripe", 'at.encode() + b"." + body', "body", "a genuine one is refused"),
        ("stripe", "any(", "all(", "a genuine one in lower case, written otherwise is refused"),
        ("slack", "> 300", "> 9_000", "an old one is taken"),
        ("slack", '"v0=" + right', "right", "a genuine one is refused"),
        ("base64", ".digest()).decode()", ".digest()).decode().lower()", "a genuine one is refused"),
        ("base64", "hmac.compare_digest(", "bool(right) or (", "a changed body is taken"),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_found(kind, old, new, told):
    """One change, and the check says which webhook was judged wrongly."""
    source = SIGNED[kind][1]
    assert old in source
    assert told in faults(source.replace(old, new), signed_job(kind))["signatures are checked"]


def test_what_is_no_page_is_none():
    """An offset alone says nothing of pages; a plain signature stays a hexadecimal one."""
    assert (
        job_of("Write a client of GET https://a.example/zones with the offset of each time zone").pages == ""
    )
    assert job_of("Check webhooks of https://a.example/hook with an HMAC signature").signing == "hex"
    assert job_of("Check webhooks of https://a.example/hook, signed with HMAC in base64").signing == "base64"
