"""A schema that is asked for holds, also where the model's decoding does not see to it."""

import json
from contextlib import ExitStack
from typing import Any

import openai
import orjson
import pytest

from miosa.testing.front_door import catalogue, front_door, swift
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.front_door import fitting
from routing.front_door.fitting import Unfit, fit
from routing.models import ModelCall

TEXT = {"type": "string"}
CITY = {"type": "object", "properties": {"name": TEXT, "pattern": TEXT}, "required": ["name"]}
STRICT = CITY | {"required": ["name", "pattern"], "additionalProperties": False}
HELLO = [{"role": "user", "content": "Which city?"}]


def wanted(schema, **more):
    return {"type": "json_schema", "json_schema": {"name": "city", "schema": schema, **more}}


def said(text, **turn):
    return {"choices": [{"message": {"content": text, **turn}, "finish_reason": "stop"}]}


class Scene:
    """A swift provider that gives these answers one after the other, the last one again and again, and a steady one."""

    def __init__(self, tenant, folder, texts, by):
        self.texts, self.sent, self._by = list(texts), [], by
        self._tenant, self._folder = tenant, folder

    def _reply(self, asked):
        self.sent.append(asked.body)
        return Reply(text=self.texts.pop(0) if len(self.texts) > 1 else self.texts[0])

    def __enter__(self):
        with ExitStack() as stack:
            swift_server = stack.enter_context(WireServer(self._reply))
            steady = stack.enter_context(WireServer(lambda asked: Reply(text='{"name":"Rome","pattern":""}')))
            rows = swift("swift").replace('"strict"', f'"{self._by}"') + swift("steady", quality=5)
            urls = {"SWIFT_URL": swift_server.url, "STEADY_URL": steady.url}
            stack.enter_context(catalogue(self._folder, rows, urls))
            no_others = {"groq_api_key": "", "kimi_api_key": "", "local_model_url": ""}
            self.door = stack.enter_context(front_door(self._tenant, self._folder, **no_others))
            self.client = stack.enter_context(
                openai.OpenAI(base_url=self.door.url, api_key=self.door.key, max_retries=0)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self._stack.close()

    def ask(self, model, *, stream=False, schema=CITY, **more):
        asking = {"model": model, "messages": HELLO, "response_format": wanted(schema, **more)}
        if not stream:
            return self.client.chat.completions.create(**asking).choices[0].message.content
        made = self.client.chat.completions.create(**asking, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in made if chunk.choices)


@pytest.fixture
def scene(transactional_db, tenant, tmp_path):
    """What opens a scene."""
    return lambda *texts, by="object": Scene(tenant, tmp_path, texts, by)


pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("by", ["object", "schema", "strict"])
def test_an_answer_that_does_not_fit_is_asked_for_again(scene, stream, by):
    """Nobody sees the one that does not fit: whole or streamed, the client gets the next."""
    with scene('{"nome":"Oslo"}', '{"name":"Oslo"}', by=by) as here:
        assert here.ask("swift-1", stream=stream) == '{"name":"Oslo"}'
        here.door.drained()
    assert [call.winner for call in ModelCall.objects.order_by("number")] == [False, True]


def test_a_model_that_cannot_is_left_for_the_next(scene):
    """Two tries, then the other model; the first is not held to be ill."""
    with scene('{"nome":"Oslo"}') as here:
        assert here.ask("auto:quality") == '{"name":"Rome","pattern":""}'
        here.door.drained()
    calls = ModelCall.objects.order_by("number")
    assert [call.provider for call in calls] == ["swift", "swift", "steady"]
    assert "'name' is a required property" in calls[0].error


def test_nobody_who_can_is_an_error_that_says_why(scene):
    """The one model that was asked for cannot: the client is told what is wrong with its answers."""
    with scene("I do not know.") as here, pytest.raises(openai.InternalServerError, match="it is no JSON"):
        here.ask("swift-1")


@pytest.mark.parametrize("around", ["Sure:\n```json\n{}\n```\nAnything else?", "Here you are: {} - bye"])
def test_what_stands_around_it_is_taken_away(scene, around):
    """A fence or a polite sentence is no reason to ask again."""
    with scene(around.replace("{}", '{"name":"Oslo"}')) as here:
        assert here.ask("swift-1").strip() == '{"name":"Oslo"}'
        assert len(here.sent) == 1


def test_where_the_decoding_sees_to_it_nothing_is_held_back(scene):
    """Strict decoding streams, and is believed."""
    with scene("one two three", by="strict") as here:
        assert here.ask("swift-1", stream=True, schema=STRICT, strict=True) == "one two three"
        assert here.sent[0]["stream"] is True


DEEP = orjson.loads('{"items":' * 80 + "{}" + "}" * 80)


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"properties": []}, {"required": "name"}, DEEP])
def test_a_schema_that_is_none_is_refused(scene, schema):
    """Before anything is sent."""
    with scene("{}") as here, pytest.raises(openai.BadRequestError, match="no JSON schema"):
        here.ask("swift-1", schema=schema)
    assert not here.sent


@pytest.mark.parametrize(
    "document",
    [
        said(None, tool_calls=[{"id": "1"}]),
        said(None, refusal="No."),
        {"choices": [{"message": {"content": '{"na'}, "finish_reason": "length"}]},
    ],
)
def test_what_says_nothing_is_not_looked_at(document):
    """A call of a tool, a refusal, and an answer that ran out of tokens."""
    assert fit(document, CITY) is False


def test_a_property_may_be_called_like_a_keyword():
    """`pattern` among the properties is a name, and is looked at."""
    with pytest.raises(Unfit, match="pattern: 5 is not of type"):
        fit(said('{"name":"Oslo","pattern":5}'), CITY)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(a+)+$"},
        {"patternProperties": {"^(a+)+$": False}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": False}, "unevaluatedProperties": False},
        {"$ref": "#"},
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)} | {"d60": {}},
         "$ref": "#/$defs/d0"},
    ],
    ids=["pattern", "properties", "unevaluated", "itself", "elsewhere", "doubling"],
)  # fmt: skip
def test_a_schema_cannot_stop_the_door(schema):
    """What would run for ever, or ask another server, is not looked at: the answer is passed on within moments."""
    evil = "a" * 40 + "!"
    document = said(json.dumps({evil: 1} if "patternProperties" in schema else evil))
    assert fit(document, schema) is False


def test_a_tree_is_looked_at_as_far_as_it_is_usual():
    """A schema that refers to itself as trees do holds some levels down; what lies deeper is let go."""
    schema = {"$defs": {"node": {"type": "object", "properties": {"of": {"$ref": "#/$defs/node"}, "n": TEXT}}},
              "$ref": "#/$defs/node"}  # fmt: skip

    def tree(levels):
        return said('{"of":' * levels + '{"n":1}' + "}" * levels)

    with pytest.raises(Unfit, match="1 is not of type"):
        fit(tree(fitting.MOST_INSIDE - 1), schema)
    assert fit(tree(fitting.MOST_INSIDE), schema) is False


def test_the_deepest_look_there_can_be_stays_far_from_the_edge():
    """As many levels and references as are let in, all of them inside each other."""
    levels: Any = {"$ref": "#/$defs/next"}
    while not fitting._is_deep({"$defs": {"next": {"allOf": [levels]}}}):
        levels = {"allOf": [levels]}
    schema = {"$defs": {"next": levels}, "$ref": "#/$defs/next"}
    fitting._references.set(fitting.MOST_REFERENCES)
    fitting._inside.set(fitting.MOST_INSIDE)
    with pytest.raises(fitting._TooManyReferences):
        next(fitting._validator(orjson.dumps(schema)).iter_errors("x"), None)


def test_references_that_do_not_fit_are_no_depth():
    """Many alternatives side by side, the last of which fits, or none."""
    schema = {"$defs": {"no": {"type": "integer"}, "yes": TEXT},
              "type": "array", "items": {"anyOf": [{"$ref": "#/$defs/no"}] * 20 + [{"$ref": "#/$defs/yes"}]}}  # fmt: skip
    assert fit(said('["a","b","c"]'), schema) is False
    with pytest.raises(Unfit):
        fit(said('["a","b",null]'), schema)
    one = {"$defs": {"no": {"type": "integer"}}, "not": {"$ref": "#/$defs/no"}, "type": "array"}
    with pytest.raises(Unfit):
        fit(said("7"), one)


def test_each_look_has_its_own_references():
    """What one answer used up is not missing for the next."""
    schema = {"$defs": {"name": TEXT}, "type": "array", "items": {"$ref": "#/$defs/name"}}
    many = fitting.MOST_REFERENCES // 2 + 1
    for _ in range(3):
        fit(said(str(["x"] * many).replace("'", '"')), schema)
    with pytest.raises(Unfit):
        fit(said("[1]"), schema)
