"""Known secrets in every place that keeps one: nothing at rest, handed on or printed has them in the open."""

import contextlib
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django_tenants.utils import tenant_context

from agents.models import Execution
from miosa.testing.flows import run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from miosa.tests.canaries import prepared, see_the_broker, see_the_database, whole
from routing import board, gateway
from tenants import api_keys, sessions
from tenants.models import Membership, StoredSecret
from tenants.principal import Principal
from tenants.scopes import ALL

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

KEPT_IN_THE_OPEN = {"a password's hash in table tenants_user"}  # slow, salted, and of use to nobody else


@pytest.fixture
def place(transactional_db, tmp_path):
    with prepared(tmp_path) as one:
        yield one


def test_a_provider_that_repeats_our_key_tells_it_to_nobody(place, embeddings_url):
    """It answers with an error that quotes the Authorization header: rows, answers, pages and log stay clean."""

    def rude(asked):
        return Reply(
            status=401, error={"message": f"wrong key: {asked.headers.get('authorization')}", "code": "x"}
        )

    with WireServer(rude) as wire, pointed_at(wire.url, embeddings_url):
        place.api.post("/api/v1/tasks", {"request": "Say hello"}, headers={"Idempotency-Key": "k"})
        with tenant_context(place.tenant):
            execution = Execution.objects.filter(request="Say hello").first()
            run(execution)
        assert any("authorization" in asked.headers for asked in wire.requests)
    for address in ("executions", f"executions/{execution.pk}", "decisions", "audit-entries"):
        place.canaries.see(address, place.api.get(f"/api/v1/{address}").content)
    see_the_database(place.canaries)
    see_the_broker(place.canaries)
    assert set(place.canaries.leaks()) <= KEPT_IN_THE_OPEN


@contextlib.contextmanager
def pointed_at(url, embeddings_url):
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(
        before, groq_base_url=url, kimi_base_url=url, local_model_url="", embeddings_url=embeddings_url
    )
    forget_all()
    try:
        yield
    finally:
        settings.ENVIRONMENT = before
        forget_all()


def forget_all():
    for made in (gateway.attempts, gateway.embeddings):
        made.cache_clear()
    board.forget()


def test_nothing_at_rest_holds_a_secret_in_the_open(place):
    """Every row of every table and everything at the broker: digests and sealed values only."""
    see_the_database(place.canaries)
    see_the_broker(place.canaries)
    assert len(place.canaries.seen) > 20
    assert set(place.canaries.leaks()) == KEPT_IN_THE_OPEN


def test_exports_hold_no_secret(place, capsys, tmp_path):
    """The audit log in both formats, the whole tenant in its archive, and what the commands print."""
    for form in ("jsonl", "csv"):
        call_command("audit", "export", "acme", "--format", form)
    for arguments in (("audit", "anchor"), ("audit", "verify"), ("secrets", "status"), ("secrets", "rotate")):
        call_command(*arguments)
    archive = tmp_path / "acme.archive"
    call_command("tenants", "export", "acme", str(archive))
    printed = capsys.readouterr()
    place.canaries.see("what commands print", printed.out + printed.err)
    place.canaries.see("the audit log's export", whole(place.api.get("/api/v1/audit-entries/export")))
    for where, data in unpacked(archive):
        place.canaries.see(f"the archive's {where}", data)
    assert place.canaries.leaks() == []


def unpacked(archive: Path):
    """The archive as it is, and everything inside of it."""
    yield "bytes", archive.read_bytes()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                yield name, opened.read(name)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as opened:
            for member in opened.getmembers():
                yield (
                    member.name,
                    (opened.extractfile(member) or contextlib.closing(archive.open("rb"))).read(),
                )


def test_no_command_line_and_no_repr_shows_a_secret(place):
    """Whoever lists processes or prints an object sees none."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            place.canaries.see("the process list", line.read_bytes())
    with tenant_context(place.tenant):
        person = Membership.objects.select_related("user").first().user
        grant = sessions.open_session(person)
        row, plain = api_keys.make("third", scopes=ALL, created_by_id=person.pk)
        place.canaries.values |= {
            "a third key": plain,
            "a granted token": grant.refresh_token,
            "granted": grant.access_token,
        }
        shown = [
            grant,
            row,
            person,
            StoredSecret.objects.first(),
            settings.ENVIRONMENT,
            Principal(place.tenant.pk, ALL),
        ]
        place.canaries.see("a repr", [repr(one) for one in shown] + [str(one) for one in shown])
    assert place.canaries.leaks() == []
