"""Roles are sets of scopes that grow, and the document of the API says which."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from miosa.environment import ROOT
from tenants.members import covers
from tenants.models import Role
from tenants.scopes import ALL, SCOPES_OF_ROLE

DOCUMENT = ROOT / "docs" / "api.md"
ROLES = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]
RANK = {role: rank for rank, role in enumerate(ROLES)}


@given(scopes=st.frozensets(st.sampled_from(sorted(ALL))), role=st.sampled_from(ROLES))
@settings(deadline=None)
def test_covering_is_monotone(scopes, role):
    """Whatever scopes somebody holds: who covers a role covers every lower one, and more scopes never cover less."""
    assert covers(scopes, role) == (SCOPES_OF_ROLE[role] <= scopes)
    if covers(scopes, role):
        assert all(covers(scopes, lower) for lower in ROLES[: RANK[role]])
        assert covers(ALL, role)


def test_the_document_of_the_api_names_the_scopes_of_each_role():
    """The table of roles in docs/api.md says what the code says: each role's scopes beyond the role before."""
    rows = dict(
        re.findall(r"^\| (viewer|member|admin|owner) \| `([^`]+)` \|$", DOCUMENT.read_text(), re.MULTILINE)
    )
    before: frozenset[str] = frozenset()
    for role in ROLES:
        assert frozenset(rows[role].split()) == SCOPES_OF_ROLE[role] - before, role
        before = SCOPES_OF_ROLE[role]
