"""A swift provider and a steady one behind the front door, and two ways to ask."""

import contextlib

import openai

from miosa.testing.front_door import catalogue, front_door, swift
from miosa.testing.wire_replies import Reply

HELLO = [{"role": "user", "content": "Say hello."}]
ROWS = swift("swift") + swift("steady", quality=5)
GOOD = Reply(text="all of it", usage={"prompt_tokens": 5, "completion_tokens": 3})


@contextlib.contextmanager
def door_to(tenant, folder, swift_url, steady_url=""):
    """The door before a swift provider and, where it is given, a steady one behind it; and a client."""
    with (
        catalogue(folder, ROWS, {"SWIFT_URL": swift_url, "STEADY_URL": steady_url}),
        front_door(tenant, folder, groq_api_key="", kimi_api_key="", local_model_url="") as door,
        openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client,
    ):
        yield door, client


def whole(client, model="swift-1"):
    """Ask for an answer in one piece."""
    return client.chat.completions.create(model=model, messages=HELLO).choices[0].message.content


def streamed(client, model="swift-1"):
    """Ask for a stream, and read it to its end."""
    chunks = client.chat.completions.create(model=model, messages=HELLO, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
