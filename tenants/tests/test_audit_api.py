"""The audit log over HTTP and on the command line: in pages, filtered, exported, one's own only."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from miosa.testing.fixtures import client_of
from tenants import audit
from tenants.audit.verification import verify
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ADDRESS = "/api/v1/audit-entries"


@pytest.fixture
def log(tenant):
    for number in range(5):
        audit.record(
            "limit.changed" if number % 2 else "plan.changed",
            actor=f"user:{number}",
            object_type="tenant",
            object_id=str(number),
            after={"limit": number},
        )


def leave_tenant():
    """What a server's thread is in by the time it sends a body."""
    wrapper: Any = connection
    wrapper.set_schema_to_public()


def items(api, **query):
    answer = api.get(ADDRESS, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_it_works(api, log):
    """Newest first, with all that is known of each."""
    found = items(api, object_type="tenant")
    assert [entry["object_id"] for entry in found] == ["4", "3", "2", "1", "0"]
    assert found[0]["after"] == {"limit": 4}
    assert found[0]["previous"] == found[1]["digest"]


def test_pages_follow_one_another(api, log):
    """The cursor leads through all entries, each once."""
    seen, address = [], f"{ADDRESS}?limit=2"
    while address:
        page = api.get(address).json()
        seen += [entry["number"] for entry in page["items"]]
        address = page["next"]
    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) == AuditEntry.objects.count()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "user:3"}, ["3"]),
        ({"action": "limit.changed"}, ["3", "1"]),
        ({"object_type": "tenant", "object_id": "2"}, ["2"]),
        ({"until": "2001-01-01T00:00:00Z"}, []),
        ({"object_type": "tenant", "since": "2001-01-01T00:00:00+00:00"}, ["4", "3", "2", "1", "0"]),
        ({"since": "2201-01-01"}, []),
    ],
)
def test_filters_narrow_the_list(api, log, query, found):
    """By who, what, which thing and when."""
    assert [entry["object_id"] for entry in items(api, **query)] == found


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "2026-99-01"},
        {"actor": ""},
        {"action": "a\0"},
        {"object_id": "x" * 81},
    ],
)
def test_a_filter_that_cannot_be_read_is_named(api, query):
    """400 with the parameter, in the list and in the export."""
    for address in (ADDRESS, f"{ADDRESS}/export"):
        answer = api.get(address, query)
        assert answer.status_code == 400
        assert answer.json()["parameter"] in query


def test_the_export_streams_inside_the_tenant(api, other_api, log):
    """The body is made after the request is over, and holds this tenant's entries only, oldest first."""
    answer = api.get(f"{ADDRESS}/export")
    leave_tenant()
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert answer["Content-Type"] == "application/jsonl"
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert {"0", "4"} <= {line["object_id"] for line in lines}
    neighbours = b"".join(other_api.get(f"{ADDRESS}/export").streaming_content)
    assert b"limit.changed" not in neighbours


def test_who_exports_is_recorded(api, log):
    """Taking the log away leaves an entry, with what was asked for."""
    b"".join(api.get(f"{ADDRESS}/export", {"actor": "user:1"}).streaming_content)
    entry = AuditEntry.objects.get(action="audit.exported")
    assert entry.after == {"actor": "user:1"}


def test_the_scope_decides(tenant):
    """Only audit:read opens the log."""
    assert client_of(tenant, scopes={"usage:read"}).get(ADDRESS).status_code == 403
    assert client_of(tenant, scopes={"usage:read"}).get(f"{ADDRESS}/export").status_code == 403


def test_the_command_exports_json_lines_and_csv(log, capsys):
    """Both formats hold every entry; a moment narrows them."""
    call_command("audit", "export", "acme")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    call_command("audit", "export", "acme", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert [line["number"] for line in lines] == [int(row["number"]) for row in rows] == [1, 2, 3, 4, 5]
    assert json.loads(rows[0]["after"]) == lines[0]["after"]
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    call_command("audit", "export", "acme", "--since", soon)
    assert capsys.readouterr().out == ""
    assert verify(AuditEntry.objects.first().tenant_id).intact


def test_a_spreadsheet_runs_nothing_of_an_export(tenant, capsys):
    """A cell that would be a formula is text."""
    audit.record("plan.changed", actor="system", object_id="=HYPERLINK(1)")
    call_command("audit", "export", "acme", "--format", "csv")
    assert ",'=HYPERLINK(1)" in capsys.readouterr().out


def test_an_unknown_tenant_is_told(db):
    """The command names what is not there and where to look."""
    with pytest.raises(CommandError, match="nobody"):
        call_command("audit", "export", "nobody")
