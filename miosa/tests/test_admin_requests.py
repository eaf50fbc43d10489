"""Tool rules, approval policies and schedules are made, changed and removed in the admin as over the API."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents import schedules, tool_rules
from agents.models import Schedule, ToolRule
from deployments import approval_policies
from deployments.models import ApprovalPolicy
from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.admin_rows import operator, signed_in
from tenants.models import AuditEntry, Membership, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

YES = {"_form_submitted": "True"}
RULE = {"tool": "mcp__*", "decision": "ask"}
POLICY = {"kind": "spend", "asks": "on", "above_micros": "5000000", "waits_s": "3600"}
SCHEDULE = {
    "name": "news", "request": "Say hello", "interval_s": "3600", "mode": "balance", "target": "local", "enabled": "on",
    "environment": "preview", "timezone": "UTC", "missed": "once", "overlap": "skip", "parameters": "{}",
}  # fmt: skip
PAGES = {
    "agents_toolrule": (RULE, {"decision": "deny"}, "tool_rule"),
    "deployments_approvalpolicy": (POLICY, {"above_micros": "7000000"}, "approval_policy"),
    "agents_schedule": (SCHEDULE, {"interval_s": "", "cron": "30 6 * * mon-fri"}, "schedule"),
}
MODELS = {
    "agents_toolrule": ToolRule,
    "deployments_approvalpolicy": ApprovalPolicy,
    "agents_schedule": Schedule,
}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def member(acme):
    with tenant_context(acme):
        return Membership.objects.select_related("user").get().user


def add(client, page, tenant, values):
    return client.post(reverse(f"admin:{page}_add"), {"tenant": str(tenant.pk), **values})


def edit(client, page, row, values):
    return client.post(reverse(f"admin:{page}_edit_row", args=[row.pk]), values)


def remove(client, page, row):
    return client.post(reverse(f"admin:{page}_remove_row", args=[row.pk]), YES)


def rows(page):
    with platform():
        return list(MODELS[page].objects.select_related("tenant"))


def recorded(about):
    """Return the tenant's entries about a kind of thing that bear both sides, as (what was done, by whom)."""
    with platform():
        return [
            (entry.action, entry.actor.partition(":")[0])
            for entry in AuditEntry.objects.order_by("number")
            if entry.action.startswith(f"{about}.") and (entry.before or entry.after)
        ]


@pytest.mark.parametrize("page", PAGES)
def test_a_row_is_made_changed_and_removed(acme, member, page):
    """Each step is the tenant's own function: it stands in the tenant's log, with whoever of the staff did it."""
    values, changes, about = PAGES[page]
    client = operator()
    assert b'name="tenant"' in client.get(reverse(f"admin:{page}_add")).content
    extra = {"runs_for": member.email} if page == "agents_schedule" else {}
    assert add(client, page, acme, values | extra).status_code == 302
    [row] = rows(page)
    assert row.tenant == acme
    form = client.get(reverse(f"admin:{page}_edit_row", args=[row.pk])).content.decode()
    assert 'name="_save"' in form
    assert edit(client, page, row, values | changes).status_code == 302
    [changed] = rows(page)
    assert {name: str(getattr(changed, name) or "") for name in changes} == changes
    assert "Remove" in client.get(reverse(f"admin:{page}_change", args=[row.pk])).content.decode()
    assert remove(client, page, row).status_code == 302
    assert rows(page) == []
    done = recorded(about)
    assert len(done) >= 3
    assert {actor for _, actor in done} == {"staff"}


WRONG: dict[str, list[tuple[dict[str, Any], str | None]]] = {
    "agents_toolrule": [({"tool": "no spaces here"}, "tool"), ({"decision": "maybe"}, None)],
    "deployments_approvalpolicy": [
        ({"environments": ["production"]}, "environments"),
        ({"above_micros": ""}, "above_micros"),
        ({"above_micros": "-1"}, "above_micros"),
        ({"waits_s": "5"}, "waits_s"),
    ],
    "agents_schedule": [
        ({"cron": "* * * * *"}, "cron"),
        ({"interval_s": "", "cron": "61 * * * *"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"interval_s": "5"}, "interval_s"),
        ({"request": ""}, "request"),
        ({"parameters": '{"a": {"b": 1}}'}, "parameters"),
    ],
}


@pytest.mark.parametrize("page", PAGES)
def test_the_errors_are_those_of_the_api(acme, member, page):
    """What the API refuses is refused at the same field with the same words, and nothing is written."""
    client, path = operator(), {"agents_toolrule": "tool-rules", "agents_schedule": "schedules"}.get(page)
    extra = {"runs_for": member.email} if page == "agents_schedule" else {}
    for wrong, field in WRONG[page]:
        answer = add(client, page, acme, PAGES[page][0] | extra | wrong)
        assert answer.status_code == 200, wrong
        errors = answer.context_data["adminform"].form.errors
        assert field is None or list(errors) == [field], (wrong, errors)
        if field:
            refused = client_of(acme).post(f"/api/v1/{path or 'approval-policies'}", as_json(page, wrong))
            assert refused.status_code == 422
            assert all(text in refused.content.decode() for text in said(errors[field])), (
                errors,
                refused.content,
            )
    assert rows(page) == []


def as_json(page, wrong):
    """Return the same request as the API takes it."""
    values = {
        name: value for name, value in {**PAGES[page][0], **wrong}.items() if value != "" or name == "request"
    }
    return values | {"parameters": {"a": {"b": 1}}} if "parameters" in wrong else {
        name: True if value == "on" else value for name, value in values.items() if name != "parameters"
    }  # fmt: skip


def said(errors: Any) -> list[str]:
    """Return the sentences without the names of members before them."""
    return [text.rpartition(": ")[2] for text in errors]


def test_what_the_functions_refuse_is_shown_above_the_form(acme, member):
    """A second policy of a kind, a name that is taken, somebody who is no member: words of the function itself."""
    client = operator()
    add(client, "deployments_approvalpolicy", acme, POLICY)
    assert (
        b"There is a policy for spend already"
        in add(client, "deployments_approvalpolicy", acme, POLICY).content
    )
    assert b"is no member who may hand in tasks" in add(client, "agents_schedule", acme, SCHEDULE).content
    person = {"runs_for": member.email}
    add(client, "agents_schedule", acme, SCHEDULE | person)
    assert b"There is a schedule called" in add(client, "agents_schedule", acme, SCHEDULE | person).content
    assert (len(rows("deployments_approvalpolicy")), len(rows("agents_schedule"))) == (1, 1)


def test_a_schedule_goes_on_running_for_whom_it_does(acme, member):
    """A change in the admin lends nobody's rights to it, and does not take them."""
    client = operator()
    add(client, "agents_schedule", acme, SCHEDULE | {"runs_for": member.email})
    [row] = rows("agents_schedule")
    edit(client, "agents_schedule", row, SCHEDULE | {"name": "later"})
    [row] = rows("agents_schedule")
    assert (row.name, row.created_by) == ("later", f"user:{member.pk}")


def test_a_schedule_is_asked_for_in_the_order_of_thinking(acme):
    """Whose, which, what and when come first; nothing stands in a field that nobody wrote."""
    form = operator().get(reverse("admin:agents_schedule_add")).content.decode()
    places = [form.index(f'name="{name}"') for name in ("tenant", "name", "request", "cron", "mode")]
    assert places == sorted(places)
    assert ">null<" not in "".join(form.split())


def test_whose_it_is_and_which_it_is_stay(acme):
    """A changed row keeps its tenant and its name, whatever a form says."""
    globex, client = open_tenant("globex"), operator()
    with tenant_context(acme):
        rule = tool_rules.decide("run_python", "deny", actor="user:1")
    edit(client, "agents_toolrule", rule, {"tenant": str(globex.pk), "tool": "other", "decision": "ask"})
    [row] = rows("agents_toolrule")
    assert (row.tenant, row.tool, row.decision) == (acme, "run_python", "ask")


def test_who_may_only_look_changes_nothing(acme, member):
    """Without the right there are no buttons, and every way is refused; with one right there is one button."""
    with tenant_context(acme):
        made = {
            "agents_toolrule": tool_rules.decide("run_python", "deny", actor="user:1"),
            "deployments_approvalpolicy": approval_policies.make({"kind": "message"}, actor="user:1"),
            "agents_schedule": schedules.make(
                {"name": "a", "request": "b", "interval_s": 60}, created_by="user:1"
            ),
        }
    client = signed_in("eve@miosa.example", is_staff=True)
    for page, row in made.items():
        assert add(client, page, acme, PAGES[page][0]).status_code == 403
        assert edit(client, page, row, PAGES[page][0]).status_code in {302, 403}
        assert remove(client, page, row).status_code in {302, 403}
        assert [one.pk for one in rows(page)] == [row.pk]
    with platform():
        eve = User.objects.get(email="eve@miosa.example")
        eve.user_permissions.set(Permission.objects.filter(codename__in=["view_toolrule", "change_toolrule"]))
    rule = made["agents_toolrule"]
    assert b'name="_save"' in client.get(reverse("admin:agents_toolrule_edit_row", args=[rule.pk])).content
    assert edit(client, "agents_toolrule", rule, {"decision": "allow"}).status_code == 302
    assert rows("agents_toolrule")[0].decision == "allow"
    assert remove(client, "agents_toolrule", rule).status_code in {302, 403}
    assert len(rows("agents_toolrule")) == 1
