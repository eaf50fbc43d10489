"""The letters of a question over a real mail server: none is lost, and whoever has theirs gets no other."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from django.db import connections
from django.utils import timezone
from django_tenants.utils import tenant_context

from deployments import approval_mail, approvals, steering
from deployments.models import Approval
from miosa.embedded.server import free_port
from miosa.environment import ROOT, export
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.testing.web_process import on_the_test_database
from tenants.models import Membership, Role, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWNER, ADMIN = "owner@acme.example", "admin@acme.example"


class Postbox:
    """Takes what it is handed; `refuses` answers for an address, and `on_letter` is called before one is taken."""

    def __init__(self):
        self.letters, self.refuses, self.on_letter = [], {}, lambda: None

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content)))
        self.on_letter()
        return "250 OK"

    @property
    def to(self):
        return [address for address, _ in self.letters]


@pytest.fixture
def port(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    return settings.EMAIL_PORT


@pytest.fixture
def postbox(port):
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def acme():
    tenant = open_tenant("acme")
    with tenant_context(tenant):
        person = User(email=ADMIN)
        person.save(force_insert=True)
        Membership.objects.create(user=person, role=Role.ADMIN)
    return tenant


def question(tenant):
    with tenant_context(tenant):
        return approvals.ask(
            kind="execution.spend", effect={"may_cost": "$3.00"}, execution_id=None, requested_by="user:1"
        )


def a_minute_later():
    """Let the time of every letter that waits have come."""
    with platform():
        Approval.objects.exclude(letters_due=None).update(letters_due=timezone.now())


def waiting():
    with platform():
        return {len(row.letters_to) for row in Approval.objects.exclude(letters_due=None)}


def test_each_gets_one_and_none_another(acme, postbox):
    """Whoever looks next finds nothing to write."""
    question(acme)
    for _ in range(3):
        approval_mail.write_due()
        a_minute_later()
    assert sorted(postbox.to) == [ADMIN, OWNER]
    assert waiting() == set()


def test_a_server_that_was_away_gets_them_later(acme, port, caplog):
    """The question stands; the letters wait with it, and leave when there is a server, not before their time."""
    row = question(acme)
    approval_mail.write_due()
    assert "was not sent, and is tried again" in caplog.text
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        approval_mail.write_due()
        assert box.to == []
        a_minute_later()
        assert approval_mail.written(acme.pk, row.pk)
    finally:
        controller.stop()
    assert sorted(box.to) == [ADMIN, OWNER]


def test_who_has_theirs_gets_no_other(acme, postbox):
    """The second is put off by the server: only that one is written again."""
    question(acme)
    postbox.refuses = {ADMIN: "451 Try again later"}
    approval_mail.write_due()
    assert (postbox.to, waiting()) == ([OWNER], {1})
    postbox.refuses = {}
    a_minute_later()
    approval_mail.write_due()
    assert postbox.to == [OWNER, ADMIN]


def test_an_address_that_takes_none_keeps_nobody_waiting(acme, postbox, caplog):
    """Refused for good is not asked again; the other gets theirs."""
    question(acme)
    postbox.refuses = {OWNER: "550 No such person"}
    approval_mail.write_due()
    a_minute_later()
    approval_mail.write_due()
    assert (postbox.to, waiting()) == ([ADMIN], set())
    [said] = [one.getMessage() for one in caplog.records if one.name == approval_mail.__name__]
    assert ("takes no letter" in said, OWNER in said) == (True, False)


def test_what_is_answered_needs_no_letter(acme, postbox):
    """Nobody is asked about what somebody said already, nor about what was withdrawn or is over."""
    answered, withdrawn, over = question(acme), question(acme), question(acme)
    with tenant_context(acme):
        steering.decide(answered.pk, approve=True, digest=answered.digest, actor="key:1")
        approvals.withdraw_one(withdrawn.pk)
        Approval.objects.filter(pk=over.pk).update(expires=timezone.now())
    approval_mail.write_due()
    assert postbox.to == []


def test_a_slow_server_makes_nobody_write_twice(acme, postbox):
    """The first letter took longer than its minute; while the second goes out nobody else takes them on."""
    question(acme)
    looks, seen = iter([a_minute_later, approvals.letters_due]), []

    def meanwhile(look):
        seen.append(look())
        connections.close_all()

    with ThreadPoolExecutor(1) as elsewhere:  # Django's connections belong to no event loop
        postbox.on_letter = lambda: elsewhere.submit(meanwhile, next(looks)).result()
        approval_mail.write_due()
    assert postbox.to == [OWNER, ADMIN]
    assert seen == [None, []]
    assert waiting() == set()


WRITER = """
import sys, django
django.setup()
from deployments import approval_mail
approval_mail.write_due()
"""


def environ_of_a_process(port):
    environ = dict(os.environ)
    export(on_the_test_database(), environ)
    return environ | {
        "DJANGO_SETTINGS_MODULE": "miosa.settings",
        "MIOSA_MAIL_URL": f"smtp://127.0.0.1:{port}",
    }


def test_a_writer_that_is_killed_loses_none(acme, port):
    """It dies while the server holds the first letter: that one may come twice, known by its Message-ID; all come."""
    question(acme)
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=ROOT, env=environ_of_a_process(port)
        ) as writer:
            box.on_letter = writer.kill
        assert len(box.to) == 1
        box.on_letter = lambda: None
        a_minute_later()
        approval_mail.write_due()
    finally:
        controller.stop()
    assert set(box.to) == {OWNER, ADMIN}
    assert len({(address, letter["Message-ID"]) for address, letter in box.letters}) == 2
