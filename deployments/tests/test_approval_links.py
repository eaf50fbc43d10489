"""Signed links: one person answers one question on a page, once, without signing in."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django_tenants.utils import tenant_context

from deployments import approval_links, approval_mail, approvals, steering
from deployments.models import Approval
from miosa.testing.fixtures import open_tenant
from tenants import api_keys, members
from tenants.members import Authority
from tenants.models import ApiKey, AuditEntry, Membership, Role, User
from tenants.scopes import ALL

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LINK = re.compile(r"http://127\.0\.0\.1:8000(/approvals/miosa_a_[\w-]+)")
EFFECT = {"action": "spend", "may_cost": "$3.00", "request": "Write <b>a book</b>"}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def asked(acme):
    return question(acme)


def question(tenant, **effect):
    with tenant_context(tenant):
        return approvals.ask(
            kind="execution.spend", effect=EFFECT | effect, execution_id=None, requested_by="user:1"
        )


def owner_of(tenant):
    with tenant_context(tenant):
        return f"user:{Membership.objects.get(role=Role.OWNER).user_id}"


def path_to(row, person):
    return f"/approvals/{approval_links.token_for(row, person)}"


def browser():
    """A browser that has to bring the CSRF token, as real ones."""
    return Client(enforce_csrf_checks=True)


def fields_of(page):
    return dict(re.findall(r'name="(csrfmiddlewaretoken|digest)" value="(\w+)"', page.content.decode()))


def say(client, path, answer="approve", **changed):
    return client.post(path, {**fields_of(client.get(path)), "answer": answer, **changed})


def now(acme, row):
    with tenant_context(acme):
        return Approval.objects.get(pk=row.pk)


def test_the_letter_brings_a_link_that_answers(acme, asked):
    """One letter to the owner; its page shows the exact effect, escaped, and the answer bears the owner's name."""
    approval_mail.write_due()
    (letter,) = mail.outbox
    assert letter.to == ["owner@acme.example"]
    assert "$3.00" in letter.body
    found = LINK.search(letter.body)
    assert found
    client = browser()
    page = client.get(found[1])
    text = page.content.decode()
    assert (page.status_code, "Write &lt;b&gt;a book&lt;/b&gt;" in text, "$3.00" in text) == (200, True, True)
    assert "no-store" in page["Cache-Control"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert now(acme, asked).state == "pending"
    answer = say(client, found[1], note="go on")
    assert (answer.status_code, "<strong>Approved</strong>" in answer.content.decode()) == (200, True)
    row = now(acme, asked)
    assert (row.state, row.decided_by, row.note) == ("approved", owner_of(acme), "go on")
    with tenant_context(acme):
        told = set(AuditEntry.objects.filter(object_id=str(row.pk)).values_list("action", "actor"))
    assert {("approval.approved", row.decided_by), ("approval.answered_by_link", row.decided_by)} <= told


def test_it_works_once(acme, asked):
    """A second answer, the same or the other one, is told what was said; looking again shows it."""
    client, path = browser(), path_to(asked, owner_of(acme))
    fields = fields_of(client.get(path))
    assert client.post(path, {**fields, "answer": "reject"}).status_code == 200
    for again in ("approve", "reject"):
        replayed = client.post(path, {**fields, "answer": again})
        assert (replayed.status_code, "rejected already" in replayed.content.decode()) == (409, True)
    shown = client.get(path)
    assert (shown.status_code, "<form" in shown.content.decode()) == (200, False)
    assert now(acme, asked).state == "rejected"


def test_looking_decides_nothing_and_a_foreign_page_neither(acme, asked):
    """GET and HEAD, as readers of mail do them; a POST without the page's token; one with neither button."""
    client, path = browser(), path_to(asked, owner_of(acme))
    client.get(f"{path}?answer=approve")
    client.head(path)
    assert client.post(path, {"answer": "approve", "digest": asked.digest}).status_code == 403
    assert say(client, path, answer="perhaps").status_code == 422
    assert client.put(path).status_code in {403, 405}
    assert now(acme, asked).state == "pending"


def test_the_answer_is_for_the_effect_that_was_shown(acme, asked):
    """A digest of something else decides nothing, and a link dies with the effect it was made for."""
    client, path = browser(), path_to(asked, owner_of(acme))
    other = question(acme, may_cost="$300.00")
    assert say(client, path, digest=other.digest).status_code == 409
    with tenant_context(acme):
        Approval.objects.filter(pk=asked.pk).update(effect=other.effect, digest=other.digest)
    assert client.get(path).status_code == 404
    assert now(acme, asked).state == "pending"


def test_what_is_over_is_over(acme, asked):
    """Expired it says so, and takes no answer; a link cannot be given more time than its question had."""
    client, path = browser(), path_to(asked, owner_of(acme))
    fields = fields_of(client.get(path))
    over = now(acme, asked)
    with tenant_context(acme):
        over.expires = timezone.now() - timedelta(hours=1)
        over.save()
    assert client.get(path).status_code == 404
    path = path_to(over, owner_of(acme))
    page = client.get(path)
    assert (page.status_code, "<strong>Expired</strong>" in page.content.decode()) == (410, True)
    assert client.post(path, {**fields, "answer": "approve"}).status_code == 409
    assert now(acme, asked).state == "pending"


def test_a_forged_link_leads_nowhere(acme, asked):
    """Whatever is changed of it: signature, person, approval, tenant, form; and all of them are told alike."""
    globex = open_tenant("globex")
    token = approval_links.token_for(asked, owner_of(acme))
    _, _, tenant_hex, approval_hex, who, _ = token.split("_", 5)
    mac = token[-43:]
    stranger = owner_of(globex)
    theirs = question(globex)
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(who, f"u{stranger[5:].replace('-', '')}"),
        token.replace(who, f"k{who[1:]}"),
        token.replace(tenant_hex, globex.pk.hex),
        token.replace(approval_hex, theirs.pk.hex),
        f"miosa_a_{globex.pk.hex}_{theirs.pk.hex}_{who}_{mac}",
        token.replace("miosa_a_", "miosa_i_"),
        token + "A",
        token.upper(),
    ]
    answers = [browser().get(f"/approvals/{one}") for one in forged]
    assert {answer.status_code for answer in answers} == {404}
    assert all("This link is not one of ours" in answer.content.decode() for answer in answers)


def test_a_link_that_another_site_signed_is_none_of_ours(acme, asked, settings, caplog):
    """The same question, person and effect under another key; and that it was tried is in the log, without the link."""
    ours = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(ours, jwt_secret="another site's secret, of 32 bytes")
    theirs = path_to(asked, owner_of(acme))
    settings.ENVIRONMENT = ours
    with caplog.at_level("INFO", "deployments"):
        answers = [browser().get(theirs), browser().post(theirs, {"answer": "approve"})]
    assert [answer.status_code for answer in answers] == [404, 403]
    assert "A link to an approval was refused from 127.0.0.1: This link is not one of ours" in caplog.text
    assert theirs[-43:] not in caplog.text
    assert now(acme, asked).state == "pending"


def test_nobody_answers_for_another_tenant(acme, asked):
    """A link that is signed for somebody who belongs elsewhere opens nothing."""
    stranger = owner_of(open_tenant("globex"))
    assert browser().get(path_to(asked, stranger)).status_code == 403


def test_it_carries_no_right_of_its_own(acme, asked):
    """Who is an admin no more, left, or whose key was revoked, decides nothing with an old link."""
    with tenant_context(acme):
        person = User(email="guest@acme.example")
        person.save(force_insert=True)
        seat = Membership.objects.create(user=person, role=Role.ADMIN)
        key, _ = api_keys.make("approver", scopes={"deployments:approve"})
    paths = [path_to(asked, f"user:{person.pk}"), path_to(asked, f"key:{key.pk}")]
    assert {browser().get(path).status_code for path in paths} == {200}
    with tenant_context(acme):
        members.change_role(seat.pk, to=Role.MEMBER, by=Authority(name="system", scopes=ALL))
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert {browser().get(path).status_code for path in paths} == {403}


def test_it_is_asked_for_by_letter_of_those_alone_who_may_decide(acme):
    """Owners and admins, each with a link of their own; members and viewers get none."""
    with tenant_context(acme):
        for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
            person = User(email=f"{role}@acme.example")
            person.save(force_insert=True)
            Membership.objects.create(user=person, role=role)
    question(acme)
    approval_mail.write_due()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["admin@acme.example", "owner@acme.example"]
    links = {link for letter in mail.outbox for link in LINK.findall(letter.body)}
    assert len(links) == 2


def test_an_answer_by_other_ways_is_shown(acme, asked):
    """Decided over the API meanwhile, the page says so."""
    with tenant_context(acme):
        steering.decide(asked.pk, approve=True, digest=asked.digest, actor="key:1")
    page = browser().get(path_to(asked, owner_of(acme)))
    assert "<strong>Approved</strong>" in page.content.decode()
