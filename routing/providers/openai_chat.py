"""One OpenAI chat wire for every provider: a subclass states only what differs."""

import contextlib
import json
import re
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx

from routing.catalog import Model
from routing.messages import Chunk, Completion, Message, Prompt
from routing.providers.answer import Answer
from routing.providers.contract import (
    BrokenAnswer,
    Cancelled,
    Limits,
    ProviderFailure,
    Refused,
    Translator,
    Unreachable,
    never,
)
from routing.providers.outgoing import MAX_OUTPUT, SAMPLING, formatted, left_out, turns
from routing.providers.patience import Watch, WatchedTransport, watching
from routing.providers.redaction import Secret, redact
from routing.providers.schemas import format_of, instruction_for
from routing.providers.tool_wire import fields_of, is_spelled, read, spelled, turn_of
from routing.providers.wire import error_message
from routing.rates import retry_after_s

WRITE_S = 10.0
MODELS_S = 10.0
MAX_ERROR_BYTES = 65_536
WINDOW_FIELDS = ("context_window", "context_length", "max_model_len")  # Groq's name, Moonshot's, vLLM's
SENDABLE = re.compile(r"[\x21-\x7e]*")
DEFAULT_LIMITS = Limits()


class OpenAIChat:
    """A provider on the OpenAI wire. Its key is in no repr, no error and no log."""

    name: ClassVar[str] = ""
    max_tokens_field: ClassVar[str] = "max_completion_tokens"
    samples: ClassVar[bool] = True  # False: the provider wants its sampling left alone
    keeps_reasoning: ClassVar[bool] = False  # True: it wants its thoughts back in the next turn
    names_itself: ClassVar[bool] = True  # False: the model's name in its answers says nothing
    chat_path: ClassVar[str] = "/chat/completions"

    def __init__(self, base_url: str, key: str = "") -> None:
        """Raises ValueError, without showing the key, where no header can carry it."""
        if not SENDABLE.fullmatch(key):
            raise ValueError(f"the key of {self.name} holds characters that no header can carry")
        self.base_url = self.base(base_url)
        self._key = Secret(key)
        self._client = httpx.Client(transport=WatchedTransport(), headers={"Accept-Encoding": "identity"})

    @classmethod
    def base(cls, url: str) -> str:
        """The address that all paths begin with."""
        return url.rstrip("/")

    @classmethod
    def credentials(cls, key: Secret) -> dict[str, str]:
        """The headers that carry a key."""
        return {"Authorization": f"Bearer {key.reveal()}"} if key else {}

    @classmethod
    def outgoing(
        cls, model: Model, body: Mapping[str, Any], max_output_tokens: int
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A caller's own request as it is sent here, and the names of the fields that had to be left out."""
        content = dict(body)
        for name in MAX_OUTPUT:
            content.pop(name, None)
        content |= {"model": model.id, cls.max_tokens_field: max_output_tokens}
        content["messages"] = turns(content["messages"], keeps_reasoning=cls.keeps_reasoning)
        formatted(model, content)
        return content, () if cls.samples else left_out(content, SAMPLING)

    @classmethod
    def incoming(cls, document: Any) -> Any:
        """A whole answer as one of the chat wire."""
        return document

    @classmethod
    def translator(cls) -> Translator | None:
        """What turns the events of one stream into chunks of the chat wire; None where they are that already."""
        return None

    @classmethod
    def streams_with(cls, body: Mapping[str, Any]) -> bool:
        """Whether such a request may be streamed."""
        del body
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.base_url}>"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def streams(self, model: Model, prompt: Prompt) -> bool:
        """Whether this call is streamed; where it is not, first-token and idle limits do not apply."""
        del model, prompt
        return True

    def body(self, model: Model, prompt: Prompt) -> dict[str, Any]:
        """The request, but for how it is streamed."""
        prompt = spelled(model, prompt)
        told = instruction_for(model, prompt)
        turns = (*((Message("system", told),) if told else ()), *prompt.messages)
        content: dict[str, Any] = {
            "model": model.id,
            "messages": [turn_of(turn) for turn in turns],
            self.max_tokens_field: model.output_ceiling(prompt.max_output_tokens, prompt.input_tokens),
        }
        if prompt.temperature is not None and self.samples:
            content["temperature"] = prompt.temperature
        return content | format_of(model, prompt) | fields_of(prompt)

    def complete(
        self, model: Model, prompt: Prompt, *, limits: Limits = DEFAULT_LIMITS, cancelled: Cancelled = never
    ) -> Completion:
        """A whole answer, also when the wire under it is a stream; see the contract."""
        answer = self._answer(model, prompt, limits, cancelled)
        for _ in self._chunks(model, prompt, answer):
            continue  # the answer gathers them
        whole = answer.completion()
        return read(whole) if is_spelled(model, prompt) else whole

    def stream(
        self, model: Model, prompt: Prompt, *, limits: Limits = DEFAULT_LIMITS, cancelled: Cancelled = never
    ) -> Generator[Chunk, None, None]:
        """The answer in pieces; see the contract."""
        answer = self._answer(model, prompt, limits, cancelled)
        yield from self._chunks(model, prompt, answer)
        yield answer.last_chunk()

    def models(self) -> tuple[str, ...]:
        """The ids the provider lists; see the contract."""
        return tuple(self.windows())

    def windows(self) -> dict[str, int | None]:
        """The same with each model's context window; see the contract."""
        watch = Watch(Limits(first_token_s=MODELS_S, total_s=MODELS_S), never)
        request = self._request("GET", "/models", watch.limits)
        with self._explained(), watching(watch):
            response = self._client.send(request)
            if response.is_error:
                raise self._refused(response)
            try:
                rows = [row for row in response.json()["data"] if row.get("active") is not False]
                return {str(row["id"]): _window(row) for row in rows}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise BrokenAnswer("the list of models is malformed") from error

    def _answer(self, model: Model, prompt: Prompt, limits: Limits, cancelled: Cancelled) -> Answer:
        streamed = self.streams(model, prompt)
        watch = Watch(limits, cancelled, whole=not streamed)
        return Answer(prompt, watch, streamed=streamed, read_as=(self.incoming, self.translator()))

    def _chunks(self, model: Model, prompt: Prompt, answer: Answer) -> Iterator[Chunk]:
        body = self.body(model, prompt) | {"stream": answer.streamed}
        if answer.streamed and self.translator() is None:
            body["stream_options"] = {"include_usage": True}
        with self._explained(answer), contextlib.closing(self._send(body, answer.watch)) as response:
            yield from answer.read(response)

    def _send(self, body: dict[str, Any], watch: Watch) -> httpx.Response:
        request = self._request("POST", self.chat_path, watch.limits, body=body)
        with watching(watch):
            response = self._client.send(request, stream=True)
            if response.is_error:
                with contextlib.closing(response):
                    raise self._refused(response)
        return response

    def _request(self, method: str, path: str, limits: Limits, body: Any = None) -> httpx.Request:
        headers = self.credentials(self._key)
        timeout = httpx.Timeout(None, connect=limits.connect_s, write=WRITE_S, pool=limits.connect_s)
        return self._client.build_request(
            method, self.base_url + path, json=body, headers=headers, timeout=timeout
        )

    def _refused(self, response: httpx.Response) -> Refused:
        said = b""
        with contextlib.suppress(httpx.TransportError, httpx.StreamConsumed):  # the status says enough
            for piece in response.iter_bytes():
                said += piece
                if len(said) > MAX_ERROR_BYTES:
                    break
        reason = error_message(_json_or_text(said)) or response.reason_phrase or "no reason given"
        return Refused(
            f"{response.status_code}: {reason}",
            status=response.status_code,
            retry_after_s=retry_after_s(response.headers, now=datetime.now(UTC)),
        )

    @contextlib.contextmanager
    def _explained(self, answer: Answer | None = None) -> Iterator[None]:
        """Turn what httpx raises into our failures; give each the usage so far and take the key out of its words."""
        try:
            yield
        except ProviderFailure as failure:
            failure.usage = answer.billable() if answer else None
            failure.args = (redact(str(failure), self._key),)
            raise
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            reason = redact(str(error) or type(error).__name__, self._key)
            usage = answer.billable() if answer else None
            raise Unreachable(f"the connection failed: {reason}", usage=usage) from error


def _window(row: Mapping[str, Any]) -> int | None:
    told = next((row[name] for name in WINDOW_FIELDS if row.get(name)), None)
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None


def _json_or_text(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace").strip()
