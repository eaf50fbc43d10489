"""Schedules over the API: made, read, changed, ended, run now."""

import pytest

from agents import schedules
from agents.models import Execution, Schedule, ScheduleFiring
from billing.models import Budget
from billing.subscriptions import current_budget
from miosa.testing.fixtures import client_of
from tenants.models import AuditEntry

PLACE = "/api/v1/schedules"
NEWS = {"name": "news", "request": "Say hello", "cron": "30 6 * * mon-fri", "timezone": "Europe/Berlin"}


@pytest.fixture
def news(api):
    answer = api.post(PLACE, NEWS)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_says_when_it_is_due_next(api, news):
    """201 with a place to read it, and the next five times on working days."""
    assert len(news["next_times"]) == 5
    assert all(time[11:] in {"04:30:00Z", "05:30:00Z"} for time in news["next_times"])
    read = api.get(f"{PLACE}/{news['id']}").json()
    assert read == news
    assert [one["id"] for one in api.get(PLACE).json()["items"]] == [news["id"]]
    assert AuditEntry.objects.filter(action="schedule.created", object_id=news["id"]).exists()


@pytest.mark.parametrize(
    ("changed", "pointer", "said"),
    [
        ({"cron": "61 * * * *"}, "/cron", "range of minute"),
        ({"cron": "* *"}, "/cron", "needs five"),
        ({"cron": ""}, "/cron", "either cron or interval_s"),
        ({"interval_s": 60}, "/cron", "either cron or interval_s"),
        ({"cron": "", "interval_s": 59}, "/interval_s", "60"),
        ({"cron": "", "interval_s": 0}, "/interval_s", "60"),
        ({"cron": "", "interval_s": -3600}, "/interval_s", "60"),
        ({"cron": "", "interval_s": 10**30}, "/interval_s", "31622400"),
        ({"cron": "", "interval_s": 1e300}, "/interval_s", "integer"),
        ({"cron": "1," * 5_000 + "1 * * * *"}, "/cron", "120"),
        ({"cron": "0 0 31 2 *"}, "/cron", "a day that no month has"),
        ({"timezone": "Mars/Olympus"}, "/timezone", "no time zone"),
        ({"name": ""}, "/name", ""),
        ({"request": ""}, "/request", ""),
        ({"missed": "all"}, "/missed", ""),
        ({"every": 5}, "/every", "not a member"),
    ],
    ids=str,
)
def test_what_is_no_schedule_is_told_by_its_place(api, tenant, changed, pointer, said):
    """422 with the member and what it may be."""
    answer = api.post(PLACE, NEWS | changed)
    assert answer.status_code == 422
    found = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert said in found[pointer]
    assert not Schedule.objects.exists()


def test_the_rarest_day_is_a_schedule(api, tenant):
    """29 February on a Sunday: its next five times are told, though they are longer than a life."""
    answer = api.post(PLACE, NEWS | {"cron": "0 0 29 2 */7"})
    assert answer.status_code == 201
    assert [time[:4] for time in answer.json()["next_times"]][:2] == ["2032", "2060"]


def test_a_name_is_taken_once(api, news):
    """409 for a second one, also by a change."""
    assert api.post(PLACE, NEWS).status_code == 409
    other = api.post(PLACE, NEWS | {"name": "other"}).json()
    assert api.patch(f"{PLACE}/{other['id']}", {"name": "news"}).status_code == 409


def test_a_change_is_a_change_and_no_more(api, news):
    """An interval takes the place of the expression; the project joins the parameters; the rest stays."""
    place = f"{PLACE}/{news['id']}"
    api.patch(place, {"parameters": {"tone": "warm"}})
    changed = api.patch(place, {"interval_s": 3600, "project": "aurora"}).json()
    assert (changed["cron"], changed["interval_s"], changed["request"]) == ("", 3600, "Say hello")
    assert changed["parameters"] == {"tone": "warm", "project": "aurora"}
    assert api.patch(place, {"enabled": False}).json()["next_times"] == []
    assert api.patch(place, {"cron": "@daily"}).json()["interval_s"] is None
    assert api.patch(place, {"cron": "nonsense"}).status_code == 422
    assert api.patch(place, ["cron"]).status_code == 422


def test_a_change_of_the_task_does_not_move_its_times(api, news):
    """What is due stays due."""
    before = Schedule.objects.get().next_due
    api.patch(f"{PLACE}/{news['id']}", {"request": "Say good morning", "most_micros": 5})
    row = Schedule.objects.get()
    assert (row.next_due, row.request, row.most_micros) == (before, "Say good morning", 5)


def test_it_runs_now(api, news):
    """202 and where to follow it; a row by hand; a second one only after its end, and none without money."""
    answer = api.post(f"{PLACE}/{news['id']}/run")
    assert answer.status_code == 202
    assert api.get(answer["Location"]).json()["request"] == "Say hello"
    (row,) = api.get(f"{PLACE}/{news['id']}/firings").json()["items"]
    assert (row["state"], row["by_hand"], row["execution_id"]) == ("opened", True, answer.json()["id"])
    assert api.post(f"{PLACE}/{news['id']}/run").status_code == 409
    api.post(f"/api/v1/executions/{row['execution_id']}/cancellation")
    current_budget()
    Budget.objects.update(executions_cap=0)
    assert api.post(f"{PLACE}/{news['id']}/run").status_code == 402
    assert (Execution.objects.count(), ScheduleFiring.objects.count()) == (1, 1)


def test_the_same_idempotency_key_runs_it_once(api, news):
    """The second answer is the first."""
    headers = {"Idempotency-Key": "once"}
    first, second = (api.post(f"{PLACE}/{news['id']}/run", headers=headers) for _ in range(2))
    assert first.json() == second.json()
    assert Execution.objects.count() == 1


def test_its_end_leaves_its_executions(api, news):
    """204, then 404; what it opened stays."""
    api.post(f"{PLACE}/{news['id']}/run")
    assert api.delete(f"{PLACE}/{news['id']}").status_code == 204
    assert api.get(f"{PLACE}/{news['id']}").status_code == 404
    assert Execution.objects.count() == 1


def test_a_schedule_lends_nobody_a_right(tenant, news):
    """Who may not hand in tasks may make no schedule and run none; who may only read, reads."""
    writer = client_of(tenant, scopes={"schedules:write", "schedules:read"})
    for answer in (
        writer.post(PLACE, NEWS | {"name": "b"}),
        writer.post(f"{PLACE}/{news['id']}/run"),
        writer.patch(f"{PLACE}/{news['id']}", {"request": "x"}),
    ):
        assert answer.status_code == 403
        assert "tasks:write" in answer.json()["detail"]
    reader = client_of(tenant, scopes={"schedules:read"})
    assert reader.get(PLACE).status_code == 200
    assert reader.delete(f"{PLACE}/{news['id']}").status_code == 403


def test_the_neighbours_schedule_is_not_there(other_api, news):
    """404 for every way to it."""
    place = f"{PLACE}/{news['id']}"
    answers = [
        other_api.get(place), other_api.patch(place, {"name": "x"}), other_api.delete(place),
        other_api.get(f"{place}/firings"), other_api.post(f"{place}/run"),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}


def test_there_is_room_for_a_number_of_them(api, news, owner):
    """Beyond it a schedule has to go first."""
    for number in range(schedules.MOST_SCHEDULES - 1):
        schedules.make(
            {"name": str(number), "request": "x", "interval_s": 3600, "enabled": False}, created_by="user:1"
        )
    assert api.post(PLACE, NEWS | {"name": "one more"}).status_code == 409
