"""What the tests of archives share: a tenant with rows in every table, its archive, and forged ones."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from django_tenants.utils import tenant_context

from agents.models import Execution, MemoryVector
from billing.models import Budget, KeyBudget
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill
from tenants import audit
from tenants.archive import writing
from tenants.archive.errors import ArchiveRefused
from tenants.archive.exporting import export
from tenants.archive.importing import import_
from tenants.models import (
    ApiKey,
    Domain,
    IdempotentRequest,
    Invitation,
    Membership,
    RefreshToken,
    Session,
    StoredSecret,
    Tenant,
    User,
)
from tenants.owned import TenantOwned

SECRET = b"sealed-secret-of-acme"
ODD = 'line one\nline "two" \\ \t – ünïcödé 🐘 \u2028 end'


def lived_in(slug: str) -> Tenant:
    """Return a pooled tenant with rows in every table, some with values that are easily lost on the way."""
    tenant: Tenant = open_tenant(slug)
    fill(tenant)
    with platform():
        Domain.objects.create(domain=f"{slug}.test", tenant=tenant, is_primary=True)
    with tenant_context(tenant):
        _credentials(slug)
        _oddities()
        audit.record("thing.made", actor="system", after={"text": ODD, "number": 1})
        audit.record("thing.changed", actor="system", before={"a": None}, after={"a": [1, 2]})
    return tenant


def _credentials(slug: str) -> None:
    later = timezone.now() + timedelta(days=1)
    person = Membership.objects.get().user
    session = Session.objects.create(user=person, expires_at=later, address="2001:db8::1")
    RefreshToken.objects.create(session=session, digest=b"r" * 32)
    Invitation.objects.create(
        email=f"new@{slug}.example", digest=b"i" * 32, expires_at=later, invited_by=person
    )
    StoredSecret.objects.create(name="provider/groq", key_id="jwt", sealed=SECRET)
    IdempotentRequest.objects.create(
        route="/x", key="k", fingerprint=b"f", status=201, body={"key": "miosa_plain"}
    )
    KeyBudget.objects.create(budget=Budget.objects.get(), key_id=ApiKey.objects.get().pk, spent_micros=7)
    ApiKey.objects.update(created_by=person)


def _oddities() -> None:
    execution = Execution.objects.get()
    Execution.objects.filter(pk=execution.pk).update(
        request=ODD,
        parameters={
            "big": 2**60,
            "small": 1e-7,
            "exact": 0.1,
            "none": None,
            "text": ODD,
            "deep": [{"a": []}],
        },
        confidence="7.10",
        started=datetime(1999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
    )
    MemoryVector.objects.update(pattern=[0.333251953125, -65504.0, 5.960464477539063e-08] * 128)


def tables_without_rows(tenant: Tenant) -> list[str]:
    """Return the tenant's tables that are empty."""
    with tenant_context(tenant):
        return [
            model._meta.db_table
            for model in apps.get_models()
            if issubclass(model, TenantOwned) and model._meta.managed and not model.objects.exists()
        ]


def contents(path: Path) -> dict[str, list[str]]:
    """Return the lines of every file of an archive but the manifest."""
    with ZipFile(path) as package:
        return {
            name: package.read(name).decode().split("\n")[:-1]
            for name in package.namelist()
            if name != "manifest.json"
        }


def rows_in(path: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of one table of an archive."""
    return [json.loads(line) for line in contents(path)[f"{table}.jsonl"]]


def manifest_in(path: Path) -> dict[str, Any]:
    with ZipFile(path) as package:
        found: dict[str, Any] = json.loads(package.read("manifest.json"))
    return found


def forged(path: Path, *, files: dict[str, bytes] | None = None, honest: bool = True, **members: Any) -> Path:
    """Write a copy with other files and members of the manifest, as somebody would who seals it again.

    `honest` makes the manifest agree with the files.
    """
    manifest = manifest_in(path) | members
    with ZipFile(path) as package:
        held = {name: package.read(name) for name in package.namelist() if name != "manifest.json"}
    held |= files or {}
    for entry in manifest["files"] if honest else ():
        text = held[entry["name"]]
        entry |= {"rows": text.count(b"\n"), "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    return packed(
        path.with_name(f"forged-{path.name}"), held | {"manifest.json": json.dumps(manifest).encode()}
    )


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """Write a sealed archive of these files."""
    with writing.drafted(path, force=True) as file, writing.packed(file) as package:
        for name, text in files.items():
            writing.add(package, name, text.splitlines(keepends=True))
    return path


def registry() -> list[tuple[str, str]]:
    """Return who is here: ids and slugs."""
    with platform():
        return [(str(pk), slug) for pk, slug in Tenant.objects.values_list("pk", "slug")]


def people() -> dict[str, User]:
    """Return everybody by e-mail address."""
    with platform():
        return {user.email: user for user in User.objects.all()}


@pytest.fixture(scope="module")
def whole(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An archive of a tenant that is not here any more."""
    path = tmp_path_factory.mktemp("archive") / "acme.zip"
    with django_db_blocker.unblock():
        export(lived_in("acme"), path)
        call_command("tenants", "erase", "acme", "--yes", stdout=StringIO())
    return path.read_bytes()


@pytest.fixture
def archive(tmp_path: Path, whole: bytes) -> Path:
    """A copy of that archive."""
    path = tmp_path / "acme.zip"
    path.write_bytes(whole)
    return path


def refused(path: Path, match: str = ".", **how: str) -> None:
    """Import, and see one line and no change."""
    before = registry(), sorted(people())
    with pytest.raises(ArchiveRefused, match=match) as refusal:
        import_(path, **how)
    assert "\n" not in str(refusal.value)
    assert (registry(), sorted(people())) == before


def changed_row(path: Path, table: str, **columns: Any) -> dict[str, bytes]:
    """Return the file of a table with its first row changed."""
    first, *rest = contents(path)[f"{table}.jsonl"]
    lines = [json.dumps(json.loads(first) | columns, ensure_ascii=False, separators=(",", ":")), *rest]
    return {f"{table}.jsonl": "".join(f"{line}\n" for line in lines).encode()}


def with_manifest(path: Path, text: bytes) -> Path:
    """Write a copy that has another manifest."""
    with ZipFile(path) as package:
        held = {name: package.read(name) for name in package.namelist()}
    return packed(path.with_name("other.zip"), held | {"manifest.json": text})
