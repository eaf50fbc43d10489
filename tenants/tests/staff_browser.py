"""A browser of staff: password, app and recovery codes."""

import re
import time
from base64 import b32decode

from django.test import Client
from django_otp.oath import TOTP

from miosa.pg.platform import platform
from tenants.models import PlatformAuditEntry

PASSWORD = "ada-password-1"
CODE_PAGE, ENROLMENT = "/admin/second-factor/", "/admin/second-factor/enrolment"
DISABLING = "/admin/second-factor/disabling"


def with_password(email="ada@miosa.example"):
    """A browser that has signed in with the password, and nothing more."""
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def code_of(secret, *, steps=0):
    """What the app shows, so many time steps from now."""
    totp = TOTP(b32decode(secret.replace(" ", "")))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def shown_on(page):
    """What a page shows once, in its block of plain letters."""
    match = re.search(r"m-key\">([^<]+)<", page.content.decode())
    assert match, page.content
    return match[1]


def secret_on(page):
    """What the enrolment page says for typing."""
    return shown_on(page)


def enrolled(client):
    """Enrol an app on the pages; return its secret and the recovery codes."""
    secret = secret_on(client.get(ENROLMENT))
    answer = client.post(ENROLMENT, {"code": code_of(secret, steps=-1)})
    assert answer.status_code == 200, answer.content
    codes = re.findall(r"^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$", shown_on(answer), re.MULTILINE)
    assert len(set(codes)) == 10
    return secret, codes


def recorded():
    with platform():
        rows = PlatformAuditEntry.objects.filter(action__regex=r"^(staff|second_factor)\.").order_by("number")
        return [(row.action, (row.after or {}).get("second_factor")) for row in rows]
