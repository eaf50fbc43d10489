"""Links that let one person answer one question without signing in: signed, for that effect, until it expires, once.

The token names its tenant, the approval and the person; its signature covers the digest of the effect and the time at
which the question expires. Nothing of it is stored. It carries no right of its own: whoever it was made for must still be
allowed to decide when it is used, and the answer bears their name. A question is answered once, and so is its link.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from django_tenants.utils import tenant_context

from deployments.models import Approval
from miosa.http.problem import Forbidden, NotFound
from miosa.http.public_address import absolute
from tenants.models import Tenant
from tenants.registry import tenant_by_id
from tenants.rights_now import scopes_of
from tenants.secrets import keyed_hash

APPROVE = "deployments:approve"
PURPOSE = "approval link"
FORM = re.compile(r"miosa_a_([0-9a-f]{32})_([0-9a-f]{32})_([uk])([0-9a-f]{32})_([A-Za-z0-9_-]{43})", re.ASCII)
KINDS = {"u": "user", "k": "key"}


class NoSuchLink(NotFound):
    """A link that we did not make, or not for what is asked now: look for a newer letter, or use the API."""

    title = "No such link"

    def __init__(self) -> None:
        super().__init__(
            "This link is not one of ours, or is for something else than what is asked now: look for a newer letter."
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """What a good link leads to, and by whose name an answer is given."""

    tenant: Tenant
    approval: Approval
    person: str


def link_for(approval: Approval, person: str) -> str:
    """Return the absolute address where `person` (`user:<id>` or `key:<id>`) answers; it is a secret of theirs."""
    return absolute(f"/approvals/{token_for(approval, person)}")


def token_for(approval: Approval, person: str) -> str:
    """Return the signed part of that address."""
    kind, _, name = person.partition(":")
    marks = {said: mark for mark, said in KINDS.items()}
    who = f"{marks[kind]}{UUID(name).hex}"
    tenant_id = UUID(str(approval.tenant_id))
    return f"miosa_a_{tenant_id.hex}_{approval.pk.hex}_{who}_{_signature(approval, person)}"


@contextmanager
def opened(token: str) -> Iterator[Opened]:
    """Enter the tenant of a link and yield what it leads to, decided or not.

    Raises:
        NoSuchLink: it was not made by us, or the effect is another by now; which of them is not told.
        Forbidden: whoever it was made for may not decide any more.
    """
    found = FORM.fullmatch(token)
    tenant = tenant_by_id(UUID(found[1])) if found else None
    if found is None or tenant is None or not tenant.active:
        raise NoSuchLink
    person = f"{KINDS[found[3]]}:{UUID(found[4])}"
    with tenant_context(tenant):
        row: Approval | None = Approval.objects.filter(pk=UUID(found[2])).first()
        if row is None or not compare_digest(_signature(row, person), found[5]):
            raise NoSuchLink
        if APPROVE not in scopes_of(person):
            raise Forbidden("Whoever this link was made for may not decide any more.")
        yield Opened(tenant, row, person)


def _signature(row: Approval, person: str) -> str:
    said = "\n".join((str(row.tenant_id), str(row.pk), person, row.digest, f"{row.expires.timestamp():.6f}"))
    return urlsafe_b64encode(keyed_hash(PURPOSE, said)).decode().rstrip("=")
