"""One model by name over the API: an id, a name that stands for another, and one that nobody knows."""

import pytest
from django.test import Client

from miosa.testing.fixtures import client_of
from routing.catalog_file import catalog


def test_it_shows_a_model(api, tenant):
    """Every id of the catalogue, slashes and all: what the list says of it, and an empty note."""
    listed = {item["id"]: item for item in api.get("/api/v1/models").json()["items"]}
    assert set(listed) == {model.id for model in catalog().models}
    for name, item in listed.items():
        answer = api.get(f"/api/v1/models/{name}")
        assert answer.status_code == 200
        assert answer.json() == item | {"note": ""}


def test_an_escaped_slash_is_a_slash(api, tenant):
    """Clients that escape what they put into a path find the same model."""
    assert api.get("/api/v1/models/openai%2Fgpt-oss-20b").json()["id"] == "openai/gpt-oss-20b"


@pytest.mark.parametrize(
    ("name", "model_id", "note"),
    [
        ("kimi", "kimi-k3.1-pro", "kimi stands for kimi-k3.1-pro"),
        ("kimi-k2.5", "kimi-k2.6", "kimi-k2.5 was retired on 2026-08-31, kimi-k2.6 takes its place"),
        ("kimi-latest", "kimi-k3.1-pro", "kimi-latest was retired, kimi-k3.1-pro takes its place"),
        (
            "moonshotai/kimi-k2-instruct",
            "kimi-k2.6",
            "moonshotai/kimi-k2-instruct was retired, kimi-k2.6 takes its place",
        ),
    ],
)
def test_a_name_that_stands_for_another_says_so(api, tenant, name, model_id, note):
    """An alias or a retired id shows the model that answers, and a note."""
    body = api.get(f"/api/v1/models/{name}").json()
    assert (body["id"], body["note"]) == (model_id, note)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("openai/gpt-oss-12b", "openai/gpt-oss-120b"),
        ("gpt-oss-20", "gpt-oss-20b"),
        ("kimi-k3.1", "kimi-k3.1-pro"),
        ("acme/anvil-70b", None),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(api, tenant, name, near):
    """A problem of RFC 9457 with the nearest names, for people in `detail` and for programs in `near`."""
    answer = api.get(f"/api/v1/models/{name}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 404
    assert f"no model is called '{name}'" in body["detail"]
    if near:
        assert near in body["near"]
        assert near in body["detail"]


@pytest.mark.parametrize("name", ["x" * 5000, "%00", "a/../b", "%F0%9F%A6%99", "<script>", "%0d%0aX-Y:%201"])
def test_an_odd_name_is_only_unknown(api, tenant, name):
    """Long, empty of sense or meant to harm: 404 as a problem, nothing else."""
    answer = api.get(f"/api/v1/models/{name}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert "X-Y" not in answer.headers


def test_it_wants_a_credential_and_its_scope(tenant):
    """Without one 401, with another scope 403, also for a name that nobody knows."""
    for name in ("kimi", "nobody"):
        assert Client().get(f"/api/v1/models/{name}").status_code == 401
        answer = client_of(tenant, scopes=["usage:read"]).get(f"/api/v1/models/{name}")
        assert answer.status_code == 403
