"""Contents: stored once, held by who refers to them, swept when nobody does."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing.plans import DEFAULT_PLAN, shipped
from deployments import contents, files, projects, releases
from deployments.files import Author, NewFile
from deployments.models import FileContent, FileVersion
from miosa.http.problem import NotFound
from miosa.testing.fixtures import open_tenant

ME = Author("user:test")


def later():
    return timezone.now() + timedelta(hours=2)


def test_it_stores_and_reads(tenant):
    """Any bytes, also none, in the order they came."""
    many = [b"", b"\0\xff" * 10, b"a", b"a", bytes(5_000_000), bytes(5_000_001)]
    digests = contents.put_all(iter(many))
    assert [contents.read(digest) for digest in digests] == many
    assert contents.put(b"a") == contents.digest_of(b"a")
    assert FileContent.objects.count() == 5
    with pytest.raises(NotFound):
        contents.read("0" * 64)


def test_a_tenants_place_is_its_plans(tenant):
    """What is stored already takes no more of it; other bytes are refused when it is full."""
    most = shipped()[DEFAULT_PLAN].storage_mb * contents.MEBIBYTE  # type: ignore[operator]
    contents.put(b"here")
    FileContent.objects.update(size_bytes=most)
    contents.put(b"here")
    with pytest.raises(contents.StorageFull, match="larger plan"):
        contents.put(b"x")


def test_only_what_nothing_refers_to_is_swept(tenant):
    """Contents of files, of earlier versions and of releases stay; young ones too."""
    project = projects.create(name="Shop", created_by="user:test")
    files.write(project.pk, [NewFile("index.html", b"1")], author=ME)
    files.write(project.pk, [NewFile("index.html", b"2")], author=ME)
    releases.cut(project, author="user:test")
    contents.put(b"orphan")
    assert contents.sweep(timezone.now()) == 0
    assert contents.sweep(later()) == 1
    FileVersion.objects.all().delete()
    assert contents.sweep(later()) == 1  # the first version; the second is the release's
    assert contents.read(contents.digest_of(b"2")) == b"2"


@pytest.mark.django_db(transaction=True)
def test_it_sweeps_nothing_under_a_writers_hands():
    """A writer refers to bytes that were an orphan's: while its transaction is open the sweep passes them over."""
    tenant = open_tenant("acme")
    with tenant_context(tenant):
        digest = contents.put(b"orphan")
        with transaction.atomic():
            contents.put(b"orphan")
            assert _in_thread(tenant, lambda: contents.sweep(later())) == 0
        assert contents.read(digest) == b"orphan"
        assert _in_thread(tenant, lambda: contents.sweep(later())) == 1


@pytest.mark.django_db(transaction=True)
def test_writers_and_the_sweep_lose_nothing():
    """Many writers of the same few contents beside a sweep that never ends: whatever a version names is stored."""
    tenant = open_tenant("acme")
    stop = threading.Event()

    def sweeping():
        while not stop.is_set():
            contents.sweep(later())

    def writing():
        project = projects.create(name="Shop", created_by="user:test")
        for number in range(15):
            files.write(project.pk, [NewFile(f"{number}", b"%d" % (number % 4))], author=ME)
            FileVersion.objects.filter(project=project, number__lt=number - 1).delete()

    sweeper = threading.Thread(target=_within, args=(tenant, sweeping))
    writers = [threading.Thread(target=_within, args=(tenant, writing)) for _ in range(4)]
    for thread in [sweeper, *writers]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sweeper.join()
    with tenant_context(tenant):
        named = set(FileVersion.objects.exclude(digest="").values_list("digest", flat=True))
        assert len(FileVersion.objects.all()) > 4
        assert named <= set(FileContent.objects.values_list("digest", flat=True))


def _within(tenant, work):
    try:
        with tenant_context(tenant):
            return work()
    finally:
        connection.close()


def _in_thread(tenant, work):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(_within(tenant, work)))
    thread.start()
    thread.join()
    return answers[0]
