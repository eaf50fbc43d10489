"""A model is one row of the catalogue; a row without a price is understood, never chosen and never billed as nothing."""

import re

import pytest

from miosa.environment import ROOT
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing import gateway, outcomes
from routing.catalog_file import DEFAULT_FILE, catalog, load
from routing.errors import NoCandidate, NoProviderLeft
from routing.gateway import Attribution
from routing.messages import Message, Prompt
from routing.models import ModelCall
from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard

NEW = "acme/anvil-70b"
UNPRICED = {model.id for model in catalog().models if model.price is None}


def row():
    """The listing of the guide, as it stands there."""
    found = re.search(
        r"## A model\n.*?```toml\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL
    )
    assert found
    return found[1]


def with_row(tmp_path, text):
    copy = tmp_path / "catalog.toml"
    copy.write_text(f"{DEFAULT_FILE.read_text()}\n{text}")
    return load(copy)


def without_price(text):
    changed = re.sub(r"(?m)^price = .*\n", "", text)
    assert changed != text
    return changed


def board_of(known):
    return Scoreboard(known, providers=frozenset({"groq"}))


def test_a_row_is_all_a_model_needs(tmp_path):
    """The row of the guide at the end of a copy of the file: it is decided on at once."""
    known = with_row(tmp_path, row())
    choice = decide(board_of(known), Requirement("code", "quality"))
    assert choice.model == NEW
    assert decide(board_of(catalog()), Requirement("code", "quality")).model != NEW


def test_the_same_row_without_its_price_is_never_chosen(tmp_path):
    """In no kind of task and no mode is it anywhere in the order, and the removal says why."""
    board = board_of(with_row(tmp_path, without_price(row())))
    for kind in TASK_KINDS:
        for mode in MODES:
            assert NEW not in decide(board, Requirement(kind, mode)).order
    assert "by price" in decide(board, Requirement("code", "quality")).why


def test_alone_without_a_price_it_leaves_no_candidate(tmp_path):
    """A catalogue of nothing but that row refuses, rather than answering for nothing."""
    text = DEFAULT_FILE.read_text()
    providers_only = text[text.index("[[providers]]") : text.index("[aliases]")]
    alone = tmp_path / "catalog.toml"
    alone.write_text(f"{providers_only}\n{without_price(row())}")
    with pytest.raises(NoCandidate, match="unknown is not free") as caught:
        decide(board_of(load(alone)), Requirement("code"))
    assert [removal.constraint for removal in caught.value.removed] == ["price"]
    assert caught.value.status == 422


def test_no_call_ever_reaches_a_model_without_a_price(tenant):
    """Where every priced model of the provider refuses, the walk ends; the unpriced ones are not asked."""
    prompt = Prompt((Message("user", "hello"),), max_output_tokens=16)
    with WireServer(lambda _: Reply(status=400, text="no")) as server, providers(groq=server.url):
        with pytest.raises(NoProviderLeft):
            gateway.complete(prompt, Requirement("chat", "quality", 10, 16), attribution=Attribution())
        asked = {request.model for request in server.chats()}
    assert asked == {model.id for model in catalog().models if model.provider == "groq" and model.price}
    assert UNPRICED
    assert not ModelCall.objects.filter(model__in=UNPRICED).exists()


def test_its_cost_is_refused_not_nothing():
    """Whoever asks what a call of it costs is told that nobody knows."""
    for name in UNPRICED:
        with pytest.raises(ValueError, match="unknown is not free"):
            outcomes.cost_micros(name, 1000, 1000)


def test_it_is_shown_without_a_price(api, tenant):
    """The API says null, not 0, and that it is not available, although its provider is set up."""
    with providers(groq="http://127.0.0.1:9/v1"):
        for name in UNPRICED:
            shown = api.get(f"/api/v1/models/{name}").json()
            assert shown["input_micros_per_million"] is None
            assert shown["output_micros_per_million"] is None
            assert shown["available"] is False
