"""Use sorted by what it was for; the sums are the ledger's, and lead back to its entries."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.utils import timezone

from billing import ledger, quota
from billing.models import LedgerEntry
from tenants import api_keys
from tenants.key_lineage import lineage_of

PLACE = "/api/v1/usage/breakdown"


@pytest.fixture
def used(tenant):
    """Two models, two days, one key's execution, and a grant that is no use."""
    from agents.models import Execution

    key, _ = api_keys.make("=cheap key", scopes=["executions:read"])
    execution = Execution.objects.create(request="Count the words", requested_by="user:1", ceiling_micros=9)
    quota.reserve(execution.reference, 9, lineage=lineage_of(key.pk))
    now = timezone.now()
    for number, (model, agent, cost, days, of) in enumerate(
        [("a", "quality", 5, 0, execution.pk), ("b", "quality", 7, 0, None), ("a", "strategy", 1, 1, None)]
    ):
        ledger.post(
            "tokens", 10, cost_micros=cost, source="t", source_id=f"{number}", model=model, agent=agent,
            execution_id=of, occurred_at=now - timedelta(days=days),
        )  # fmt: skip
    return key, execution


def rows(api, by, **asked):
    begin = (timezone.now() - timedelta(days=3)).date()
    answer = api.get(PLACE, {"by": by, "from": f"{begin}", **asked})
    assert answer.status_code == 200, answer.content
    return [(row["value"], row["cost_micros"], row["entries"]) for row in answer.json()]


def test_by_each_property(api, used):
    """The most expensive first, days in their order; every way adds up to the same."""
    key, execution = used
    today = timezone.now().date()
    assert rows(api, "model") == [("b", 7, 1), ("a", 6, 2)]
    assert rows(api, "agent") == [("quality", 12, 2), ("strategy", 1, 1)]
    assert rows(api, "day") == [(f"{today - timedelta(days=1)}", 1, 1), (f"{today}", 12, 2)]
    assert rows(api, "meter") == [("tokens", 13, 3)]
    assert rows(api, "key") == [("", 8, 2), (f"{key.pk}", 5, 1)]
    assert rows(api, "execution") == [("", 8, 2), (f"{execution.pk}", 5, 1)]
    assert rows(api, "project") == [("", 13, 3)]
    assert rows(api, "day", to=f"{today}") == [(f"{today - timedelta(days=1)}", 1, 1)]
    whole = sum(entry.cost_micros for entry in LedgerEntry.objects.all())
    assert all(sum(row[1] for row in rows(api, by)) == whole for by in ("model", "agent", "key", "project"))


def test_a_sum_leads_to_its_entries(api, used):
    """The same property filters the ledger."""
    items = api.get("/api/v1/ledger-entries", {"model": "a", "agent": "quality"}).json()["items"]
    assert [item["cost_micros"] for item in items] == [5]
    today = timezone.now().date()
    items = api.get("/api/v1/ledger-entries", {"meter": "tokens", "to": f"{today}"}).json()["items"]
    assert [item["cost_micros"] for item in items] == [1]
    assert api.get("/api/v1/ledger-entries?from=yesterday").status_code == 400


def test_as_csv(api, used):
    """With a header; a name that a spreadsheet would compute is text."""
    answer = api.get(PLACE, {"by": "key", "format": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    table = list(csv.DictReader(StringIO(answer.content.decode())))
    assert [row["label"] for row in table] == ["", "'=cheap key"]
    assert {row["cost_micros"] for row in table} <= {"8", "7", "5"}


def test_executions_are_named_by_what_was_asked(api, used):
    """The label is for people."""
    labels = {row["label"] for row in api.get(PLACE, {"by": "execution"}).json()}
    assert "Count the words" in labels


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "by"),
        ({"by": "mood"}, "by"),
        ({"by": "day", "from": "x"}, "from"),
        ({"by": "day", "from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"by": "day", "from": "2020-03-02", "to": "2026-03-02"}, "to"),
    ],
)
def test_a_bad_question_gets_a_sentence(api, tenant, asked, parameter):
    """Which parameter, and what it should be."""
    answer = api.get(PLACE, asked)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


def test_the_neighbours_use_is_not_there(other_api, used):
    """Another tenant has used nothing."""
    assert other_api.get(PLACE, {"by": "model"}).json() == []


def test_the_month_is_foretold(api, used):
    """Beside what is spent; a first day alone gives no interval."""
    told = api.get("/api/v1/usage").json()["forecast"]
    assert told["expected_micros"] >= 0
    assert (told["low_micros"], told["confidence"]) == (None, 0.8)
