"""Mistakes in code, made on purpose: routes, caches and boards that forget the tenant."""

import pytest
from django.test import override_settings

from miosa.doctor.attack import POOL
from miosa.doctor.attacks import SURFACES
from miosa.doctor.tenancy import examine
from routing import held

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("as_installed"),
]


def examined(name):
    return examine(places=[POOL], surfaces=[one for one in SURFACES if one.name == name])


@override_settings(ROOT_URLCONF="miosa.tests.leaky_urls")
def test_it_finds_routes_that_forget_the_tenant():
    """A look-up by id alone, a difference that tells, a list of everybody, a silent write, no scope, no known value."""
    found = examined("routes")
    leaks: dict[str, list[str]] = {}
    for _, leak in found.leaks:
        leaks.setdefault(leak.target, []).append(leak.detail)
    by_id, exists, everybodys, overwrites, without = (
        " ".join(leaks.get(target, []))
        for target in (
            "GET /api/v1/by-id/<uuid:execution_id>",
            "GET /api/v1/exists/<uuid:execution_id>",
            "GET /api/v1/everybodys",
            "POST /api/v1/overwrites/<uuid:execution_id>",
            "GET /api/v1/without-scope",
        )
    )
    assert "answered 200, and 404 for nobody's id" in by_id
    assert "tells zq" in by_id
    assert "answered 403, and 404 for nobody's id" in exists
    assert "tells zq" in everybodys
    assert "changes the victim's rows" in overwrites
    assert "it names no scope" in without
    assert any("unknown parameter colour" in miss.why for _, miss in found.missed)
    assert len(leaks) == 5


def key_of_everybody(name, prefix, version):
    """A key function as Django's own: nothing of the tenant in it."""
    return f"{prefix}:{version}:{name}"


def test_it_finds_a_cache_without_the_tenant(settings):
    """One tenant reads and deletes what another keeps."""
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"KEY_FUNCTION": f"{__name__}.key_of_everybody"}
    }
    names = {leak.name for _, leak in examined("caches").leaks}
    assert {"get", "get many", "delete", "add where the victim has one"} <= names


class OneForAll(dict):
    """A store that forgets whose board it holds."""

    def get(self, _tenant, default=None):
        return super().get("all", default)

    def __setitem__(self, _tenant, held):
        super().__setitem__("all", held)

    def setdefault(self, _tenant, held=None):
        return super().setdefault("all", held)


def test_it_finds_a_board_that_all_tenants_share(monkeypatch):
    """Decisions of one tenant would rest on the outcomes of another."""
    monkeypatch.setattr(held, "_held", OneForAll())
    names = {leak.name for _, leak in examined("caches").leaks}
    assert "the board kept" in names
