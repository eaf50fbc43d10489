"""A double of Render for every test, judged by Render's document where RENDER_OPENAPI names it."""

import os

import httpx
import pytest

from deployments.targets.render.target import RenderTarget
from miosa.testing.render_double import RenderDouble

DOCUMENT = os.environ.get("RENDER_OPENAPI", "")
QUICK = httpx.Timeout(2.0)


@pytest.fixture
def document():
    """The path of Render's OpenAPI document."""
    if not DOCUMENT:
        pytest.skip("needs RENDER_OPENAPI")
    return DOCUMENT


@pytest.fixture
def render():
    """Render's double; at the end nothing asked of it or answered by it was against Render's document."""
    with RenderDouble(DOCUMENT) as double:
        yield double
        assert double.violations == []


@pytest.fixture
def waits():
    """The seconds that the target waited, in order."""
    return []


@pytest.fixture
def target(render, waits):
    """The target on the double; while it waits, time passes there."""

    def sleep(seconds):
        waits.append(seconds)
        render.clock.advance(seconds)

    with RenderTarget(lambda tenant: render.key, base_url=render.url, timeout=QUICK, sleep=sleep) as made:
        yield made
