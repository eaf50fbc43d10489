"""The client: rate limits as a floor, lists to their end, a key that shows nowhere, every status in its class."""

from dataclasses import replace

import httpx
import pytest

from deployments.targets.contract import Phase
from deployments.targets.errors import TargetBusy, TargetLost, TargetRefused, TargetUnavailable
from deployments.targets.render import waits
from deployments.targets.render.failures import failure_of
from deployments.targets.render.statuses import PHASES, phase_of
from deployments.targets.render.target import RenderTarget
from deployments.tests.render.specs import PLACE, RECIPES, services, spec
from miosa.testing.render_double import Fault


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"ratelimit-reset": "45"}, 45.0),
        ({"retry-after": "7", "ratelimit-reset": "45"}, 45.0),
        ({"ratelimit-reset": "1790000045", "date": "Mon, 21 Sep 2026 14:13:20 GMT"}, 45.0),
        ({"ratelimit-reset": "1790000000", "date": "Mon, 21 Sep 2026 15:13:20 GMT"}, 0.0),
        ({"retry-after": "1e9"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_headers_are_a_floor(headers, least):
    """Seconds, a time, or nonsense; times are measured by Render's own clock."""
    assert waits.floor_s(headers, now=1_790_000_000.0) == least


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, TargetRefused), (401, TargetRefused), (402, TargetRefused), (403, TargetRefused), (404, TargetLost),
     (409, TargetRefused), (410, TargetLost), (429, TargetBusy), (500, TargetUnavailable), (502, TargetUnavailable),
     (503, TargetUnavailable), (302, TargetUnavailable)],
)  # fmt: skip
def test_each_status_has_its_class_and_says_renders_words(status, kind):
    """What Render said is in the message."""
    error = failure_of(status, "because of this", floor_s=None)
    assert isinstance(error, kind)
    assert "because of this" in str(error)


def test_a_short_limit_is_waited_for(render, target, waits):
    """A 429 with three seconds is waited for, at least that long."""
    render.world.faults.order(Fault("status", "POST", "/services$", 429, headers={"Retry-After": "3"}))
    target.apply(spec(), key="key-1")
    assert waits[0] >= 3.0
    assert len(services(render)) == 1


def test_a_long_limit_is_the_callers(render, target, waits):
    """An hour is not waited for: the caller is told when to come back."""
    fault = Fault("status", "POST", "/services$", 429, headers={"Ratelimit-Reset": "3000"})
    render.world.faults.order(fault)
    with pytest.raises(TargetBusy) as refused:
        target.apply(spec(), key="key-1")
    assert refused.value.retry_after_s == 3000.0
    assert waits == []


@pytest.mark.parametrize("resets", ["delta", "epoch"])
def test_renders_own_limits_are_kept(render, target, resets):
    """Eleven deployments of a service in a minute: the limit of ten is met, waited for, and nothing is doubled."""
    render.world.limits.enforced, render.world.limits.resets = True, resets
    ref = target.apply(spec(), key="key-0")
    for number in range(1, 12):
        try:
            target.apply(spec(place=ref.place), key=f"key-{number}")
        except TargetBusy as busy:
            render.clock.advance(max(busy.retry_after_s or 0.0, 21.0))
            target.apply(spec(place=ref.place), key=f"key-{number}")
    (service,) = services(render)
    assert len(service.deploys) == 12


def test_lists_are_read_to_their_end(render, target):
    """A hundred and thirty services with longer names do not hide ours, nor are they taken for it."""
    for number in range(130):
        body = {
            "type": "static_site",
            "name": f"{PLACE.name}-{number}",
            "ownerId": "tea-double",
            "repo": "https://x/y",
        }
        render.world.create(body)
    ref = target.apply(spec(), key="key-1")
    assert target.apply(replace(spec(), place=PLACE), key="key-1").deployment_id == ref.deployment_id
    assert len(services(render)) == 131


def test_a_service_of_somebody_else_is_not_taken(render, target):
    """A service with our name that remembers nothing of ours is refused, and stays."""
    render.world.create(
        {"type": "static_site", "name": PLACE.name, "ownerId": "tea-double", "repo": "https://x/y"}
    )
    with pytest.raises(TargetRefused, match="did not make"):
        target.apply(spec(), key="key-1")
    target.destroy(PLACE)
    assert len(services(render)) == 1


def test_a_name_that_is_taken_by_our_lost_try_is_adopted(render, target):
    """Where Render keeps names unique, the refusal of the second try is answered by the service of the first."""
    render.world.unique_names = True
    render.world.faults.order(Fault("status_after", "POST", "/services$", 503))
    ref = target.apply(spec(), key="key-1")
    assert [one.id for one in services(render)] == [ref.place.external_id]


def test_of_two_the_older_stays(render, target):
    """Two made in a race: the next deployment keeps the older one and removes the other."""
    ref = target.apply(spec(), key="key-1")
    (older,) = services(render)
    render.clock.advance(1)
    younger, _ = render.world.create(older.asked)
    younger.variables = dict(older.variables)
    target.plan(spec())
    assert len(services(render)) == 2
    target.apply(spec(), key="key-2")
    assert [one.id for one in services(render)] == [ref.place.external_id]


def test_the_key_shows_nowhere(caplog):
    """Not in an error, a repr or a log, even where Render or a proxy repeats it."""
    key = "rnd_very0secret"
    transport = httpx.MockTransport(lambda asked: httpx.Response(400, json={"message": f"bad key {key}"}))
    target = RenderTarget(lambda tenant: key, transport=transport)
    with pytest.raises(TargetRefused) as refused:
        target.plan(spec())
    assert key not in f"{refused.value!r}{target!r}{target.__dict__}{caplog.text}"
    with pytest.raises(TargetRefused) as unsendable:
        RenderTarget(lambda tenant: "rnd_a\nb", transport=transport).plan(spec())
    assert "rnd_a" not in str(unsendable.value)


def test_without_a_connection_nothing_was_sent():
    """A closed port is unavailable, and says so."""
    target = RenderTarget(
        lambda tenant: "rnd_x", base_url="http://127.0.0.1:9/v1", sleep=lambda seconds: None
    )
    with pytest.raises(TargetUnavailable, match="cannot be reached"):
        target.plan(spec())


def test_without_a_key_it_is_unavailable():
    """It says what is missing, and refuses."""
    target = RenderTarget(lambda tenant: "")
    assert "RENDER_API_KEY" in (target.unavailable("tenant-1") or "")
    with pytest.raises(TargetRefused, match="RENDER_API_KEY"):
        target.plan(spec())


def test_every_status_of_the_document_has_a_phase(document):
    """The table holds each of them; one that is not there is under way, never an error."""
    import json
    from pathlib import Path

    known = json.loads(Path(document).read_text())["components"]["schemas"]["deployStatus"]["enum"]
    assert set(known) == set(PHASES)
    assert phase_of("a_new_word") is Phase.BUILDING


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (replace(RECIPES["web_service"], source={}), "takes no uploads"),
        (replace(RECIPES["web_service"], source={"git": "git@github.com:a/b.git"}), "https"),
        (replace(RECIPES["web_service"], source={"git": "https://user:word@git.example/a/b"}), "password"),
        (replace(RECIPES["web_service"], runtime="process"), "runtime"),
        (replace(RECIPES["web_service"], start=""), "start command"),
        (replace(RECIPES["cron_job"], schedule=""), "schedule"),
        (replace(RECIPES["static_site"], source={"image": "docker.io/a/b"}), "static sites"),
    ],
)  # fmt: skip
def test_what_render_cannot_do_is_refused_with_a_sentence(render, target, recipe, said):
    """Planning and applying refuse alike, before anything is asked of Render."""
    for call in (lambda: target.plan(spec(recipe)), lambda: target.apply(spec(recipe), key="key-1")):
        with pytest.raises(TargetRefused, match=said):
            call()
    assert render.requests == []
