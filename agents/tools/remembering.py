"""Recall what was done before, as a tool."""

from collections.abc import Mapping
from typing import Any

from agents import memory
from agents.contract.tools import Returned
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from routing import gateway
from routing.errors import EmbeddingsUnavailable

MOST = 10


def _recall(arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    try:
        vector = gateway.embed([arguments["text"]])[0]
    except EmbeddingsUnavailable as error:
        raise ToolRefused(error.detail) from error
    found = memory.recall(vector, limit=int(arguments.get("limit", 3)))
    told = "\n\n".join(f"Asked: {one.request}\nAnswered: {one.output}" for one in found)
    data = {"found": len(found), "similarities": [round(one.similarity, 3) for one in found]}
    return Returned(told or "Nothing like it is remembered.", origin="the tenant's memory", data=data)


TOOLS = (
    Tool(
        "recall_memory",
        "Recall results of similar tasks from this tenant's memory.",
        parameters(
            ("text",),
            text={"type": "string", "minLength": 1, "maxLength": 2_000},
            limit={"type": "integer", "minimum": 1, "maximum": MOST},
        ),
        _recall,
    ),
)
