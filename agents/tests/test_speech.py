"""What a model is writing: told while it writes, to its own tenant alone, and gone when it has ended."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.cache import cache
from django_tenants.utils import tenant_context

from agents import speech
from routing.overheard import overheard

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_it_is_heard_while_it_is_said(tenant, other_tenant):
    """The first words are there at once; another tenant hears nothing, and at the end nobody does."""
    execution = uuid4()
    with speech.spoken(execution, "a"):
        overheard("", model="bard-1")
        assert speech.heard(execution, ["a", "b"]) == {"a": {"model": "bard-1", "text": ""}}
    with speech.spoken(execution, "a"):
        overheard("Once")
        assert speech.heard(execution, ["a"])["a"]["text"] == "Once"
        with tenant_context(other_tenant):
            assert speech.heard(execution, ["a"]) == {}
    assert speech.heard(execution, ["a"]) == {}


def test_nobody_has_to_listen():
    """Outside of a block a piece goes nowhere."""
    overheard("Once")


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0"])
def test_without_a_cache_the_work_goes_on(tenant, settings, url):
    """Nothing is heard, and nothing fails."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, redis_url=url)
    execution = uuid4()
    with speech.spoken(execution, "a"):
        overheard("Once")
        overheard(" more")
        assert speech.heard(execution, ["a"]) == {}
    assert cache is not None
