"""`manage.py confidence report` says how well confidences tell what happens, to people and to programs."""

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from routing import verdicts
from routing.models import Calibration
from routing.tests.history import decisions
from tenants.owned import current_tenant_id

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
MODEL = "openai/gpt-oss-20b"


@pytest.fixture
def judged(tenant):
    """Forty answers of `quality` that said 8.0, thirty of them good by people."""
    for number, decision in enumerate(decisions(40, MODEL)):
        verdicts.checked(decision.pk, success=True, confidence=8.0)
        verdicts.told_by_people(decision.pk, value=Decimal(int(number % 4 != 0)))
    assert current_tenant_id()
    return tenant


def test_it_tells_people(judged, capsys):
    """A table by agent, a diagram, and who said how much."""
    call_command("confidence", "report", tenant=judged.slug)
    told = capsys.readouterr().out
    assert "quality" in told
    assert "0.050" in told  # |0.80 - 0.75|
    assert "40 by feedback" in told
    assert "8 to 9" in told


def test_it_tells_programs(judged, capsys):
    """One JSON object with the same numbers."""
    call_command("confidence", "report", "--json", tenant=judged.slug)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])[judged.slug]
    everybody = told["agents"][0]
    assert (everybody["n"], round(everybody["ece"], 6)) == (40, 0.05)
    assert everybody["bins"][0]["mean_outcome"] == 0.75
    assert told["labels"] == {"checks": 40, "judge": 0, "feedback": 40}


def test_it_draws(judged, tmp_path):
    """The diagram is a file that a browser shows."""
    path = tmp_path / "reliability.svg"
    call_command("confidence", "report", tenant=judged.slug, plot=path)
    assert path.read_text().startswith("<svg")
    assert "40 answers" in path.read_text()


def test_it_says_what_is_missing(tenant, capsys):
    """Without a label it says so, and what would give one."""
    call_command("confidence", "report", tenant=tenant.slug)
    assert "nothing to compare with" in capsys.readouterr().out


def test_it_refuses_an_unknown_tenant(tenant):
    """A slug that nobody has is one line."""
    with pytest.raises(CommandError, match="There is no tenant nobody"):
        call_command("confidence", "report", tenant="nobody")


def test_relearning_is_there_on_demand(judged, capsys):
    """The maps can be fitted now."""
    call_command("confidence", "relearn", tenant=judged.slug)
    assert f"{judged.slug}: learned anew" in capsys.readouterr().out
    assert Calibration.objects.filter(agent="quality").count() <= 1
