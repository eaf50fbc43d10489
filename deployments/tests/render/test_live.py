"""With RENDER_API_KEY: one free static site at Render itself, made, built, suspended and removed again."""

import time
import uuid
from dataclasses import replace

import pytest

from deployments.targets.contract import Kind, Phase, Place, Recipe, Spec
from deployments.targets.render.target import RenderTarget
from deployments.tests.render.specs import Nothing

SITE = {"git": "https://github.com/render-examples/static-site"}
DEADLINE_S = 600.0


@pytest.mark.live("RENDER_API_KEY")
def test_a_static_site_lives_at_render(live_key):
    """The same target against Render: one service whatever is repeated, and none at the end."""
    name = f"miosa-test-{uuid.uuid4().hex[:12]}"
    place, key = Place("tenant-live", name, name), uuid.uuid4().hex
    spec = Spec(place, Recipe(Kind.STATIC, publish=".", source=SITE), Nothing())
    with RenderTarget(lambda tenant: live_key) as target:
        try:
            ref = target.apply(spec, key=key)
            assert target.apply(spec, key=key).deployment_id == ref.deployment_id
            begun = time.monotonic()
            status = target.status(ref)
            while status.phase not in {Phase.LIVE, Phase.FAILED} and time.monotonic() - begun < DEADLINE_S:
                time.sleep(status.retry_after_s)
                status = target.status(ref)
            assert status.phase is Phase.LIVE
            assert target.logs(ref).lines
            place = replace(place, external_id=ref.place.external_id)
            target.suspend(place)
            assert target.status(ref).phase is Phase.SUSPENDED
        finally:
            target.destroy(place)
        assert target.find(place, key=key) is None
