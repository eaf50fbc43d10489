"""Models, decisions and previews over the API."""

import pytest

from miosa.testing.flows import providers
from routing import gateway
from routing.gateway import Attribution, CeilingReached
from routing.messages import Message, Prompt
from routing.models import Decision
from routing.requirement import Requirement
from routing.tests import stored

GROQ = "http://127.0.0.1:9/v1"


def test_it_previews_a_decision(api, tenant):
    """The choice with its six nodes, without calling or storing anything."""
    with providers(groq=GROQ, kimi=GROQ):
        told = api.post(
            "/api/v1/routing-decisions/preview", {"task_kind": "orchestration", "mode": "quality"}
        )
    assert told.status_code == 200
    body = told.json()
    assert body["provider"] == "moonshot"
    assert body["ranked"][0]["nodes"][0]["name"] == "TaskFit"
    assert body["ranked"][0]["total"] >= body["ranked"][1]["total"]
    assert body["why"]
    assert not Decision.objects.exists()


def test_latency_sensitive_work_goes_to_groq(api, tenant):
    """In speed mode a Groq model wins every kind of task that Kimi could take."""
    with providers(groq=GROQ, kimi=GROQ):
        for kind in ("chat", "summarize", "extract"):
            body = {"task_kind": kind, "mode": "speed"}
            assert api.post("/api/v1/routing-decisions/preview", body).json()["provider"] == "groq"


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"task_kind": "poetry"}, 422), ({"task_kind": "chat", "input_tokens": -1}, 422)],
)
def test_it_refuses_a_question_that_is_none(api, tenant, body, status):
    """Unknown kinds and negative sizes are named."""
    answer = api.post("/api/v1/routing-decisions/preview", body)
    assert answer.status_code == status
    assert answer.json()["errors"]


def test_it_says_which_constraint_left_nobody(api, tenant):
    """Without any provider the answer names the variable that is empty."""
    with providers():
        answer = api.post("/api/v1/routing-decisions/preview", {"task_kind": "chat"})
    assert answer.status_code == 503
    assert "GROQ_API_KEY" in answer.json()["detail"]


def test_it_lists_the_models(api, tenant):
    """Every model of the catalogue, with reach, price and record."""
    with providers(groq=GROQ):
        items = api.get("/api/v1/models").json()["items"]
    reach = {
        item["provider"]: item["available"] for item in items if item["input_micros_per_million"] is not None
    }
    assert reach == {"groq": True, "moonshot": False, "local": False}


def test_it_refuses_decisions_by_a_bad_filter(api, tenant):
    """A filter that is no id is the caller's mistake."""
    assert api.get("/api/v1/routing-decisions?execution_id=x").status_code == 400
    assert api.get("/api/v1/routing-decisions").json() == {"items": [], "next": None}


def test_it_asks_nobody_beyond_the_ceiling(tenant):
    """A call that could cost more than what is left for its execution is refused before it is made."""
    from uuid import uuid4

    need = Requirement("chat", "quality", 10, 4000)
    prompt = Prompt((Message("user", "hello"),), max_output_tokens=4000)
    with providers(kimi=GROQ), pytest.raises(CeilingReached, match="could cost"):
        gateway.complete(prompt, need, attribution=Attribution(execution_id=uuid4(), ceiling_micros=10))
    assert not Decision.objects.exists()


def test_a_decision_explains_itself(api, tenant):
    """All that it was made from, every model's chance, the smallest change that would have turned it, and what came."""
    with providers(groq=GROQ, kimi=GROQ):
        row = stored.outcome().decision
        body = api.get(f"/api/v1/routing-decisions/{row.pk}").json()
    assert body["why"] == row.why
    assert body["requirement"]["task_kind"] == "chat"
    assert (body["draw"], body["propensity"], body["knowledge_kept"]) == (row.draw, row.propensity, True)
    assert body["chances"][row.model] == row.propensity
    assert sum(body["chances"].values()) == pytest.approx(1)
    assert body["flip"].keys() == {"model", "by", "of", "node", "share", "words", "from", "to"}
    assert body["flip"]["model"] not in {None, row.model}
    # One call in many explores: then the words begin with the model that was tried.
    assert body["flip"]["words"].startswith(
        row.model if body["flip"]["by"] == "draw" else body["flip"]["model"]
    )
    assert [(one["source"], one["verdict"]) for one in body["outcomes"]] == [("checks", "1.0000")]
    assert (body["feedback"], body["judgements"], body["shared_from"]) == ([], [], None)
    assert body["calls"][0]["winner"] is True


def test_a_decision_whose_knowledge_is_gone_is_explained_by_its_row(api, tenant):
    """What is stored of the best three still names a change; the chances are not known any more."""
    with providers(groq=GROQ, kimi=GROQ):
        row = stored.decision()
    Decision.objects.update(scoreboard_version="")
    body = api.get(f"/api/v1/routing-decisions/{row.pk}").json()
    assert (body["chances"], body["knowledge_kept"]) == (None, False)
    assert body["flip"]["words"]


def test_a_list_of_decisions_stays_light(api, tenant):
    """A list has neither nodes nor changes: those are for one decision."""
    with providers(groq=GROQ):
        stored.decision()
    (item,) = api.get("/api/v1/routing-decisions").json()["items"]
    assert not {"ranked", "flip", "chances", "outcomes", "calls"} & set(item)
