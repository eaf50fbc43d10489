"""The judge can fail: what is not in Render's document is seen, in requests and in the double's own answers."""

import json

import httpx
import pytest

from deployments.tests.render.specs import REPO
from miosa.testing.render_double import RenderDouble
from miosa.testing.render_double.judge import judge_of

GOOD = {"type": "static_site", "name": "a", "ownerId": "tea-double", "repo": REPO}


@pytest.mark.parametrize(
    "wrong",
    [
        {"typ": "x"},
        {"type": "static"},
        {"serviceDetails": {"runtime": "python"}},
        {"autoDeploy": "never"},
        {"name": 1},
    ],
)
def test_a_wrong_request_is_refused_and_kept(document, wrong):
    """A misspelt member, an unknown word or the details of another type: 400, and a violation."""
    with RenderDouble(document) as render:
        headers = {"Authorization": f"Bearer {render.key}"}
        assert httpx.post(f"{render.url}/services", json=GOOD, headers=headers).status_code == 201
        assert render.violations == []
        assert httpx.post(f"{render.url}/services", json=GOOD | wrong, headers=headers).status_code == 400
        assert len(render.violations) == 1
        assert httpx.get(f"{render.url.removesuffix('/v1')}/_violations").json() == render.violations


def test_unknown_parameters_and_paths_are_seen(document):
    """A query parameter that Render does not know, a limit too high, a path that is not there."""
    judge = judge_of(document)
    for path, query in (
        ("/v1/services", {"nam": ["a"]}),
        ("/v1/services", {"limit": ["101"]}),
        ("/v1/nothing", {}),
    ):
        assert judge.request("GET", path, query=query, headers={}, body=b"")
    assert not judge.request("GET", "/v1/services", query={"limit": ["100"]}, headers={}, body=b"")


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/v1/services", 200, [{"cursor": "x"}]),
        ("/v1/services/srv-1/deploys/dep-1", 200, {"id": "dep-1", "status": "unheard"}),
        ("/v1/services/srv-1/deploys/dep-1", 200, {"id": "dep-1", "extra": 1}),
        ("/v1/services", 418, {}),
    ],
)
def test_a_wrong_answer_of_the_double_is_seen(document, path, status, content):
    """A missing member, an unknown word, an invented member, an undocumented status."""
    assert judge_of(document).answer("GET", path, status=status, body=json.dumps(content).encode())
