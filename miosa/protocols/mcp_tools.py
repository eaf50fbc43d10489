"""The platform's own tools, as other programs see them over MCP: each is one REST route. One entry here adds one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WAIT, MOST_WAIT_S = "wait_for_execution", 60.0
ID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string"}
MODES = {"enum": ["speed", "quality", "cost", "balance"]}
STATES = {"enum": ["pending", "in_progress", "completed", "failed", "cancelled"]}
ENVIRONMENTS = {"enum": ["preview", "staging", "production"]}
FILES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"path": TEXT, "text": TEXT, "base64": TEXT},
        "required": ["path"],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True)
class Tool:
    """`path` names arguments in braces; of the others, GET sends them as the query and POST as the body."""

    name: str
    description: str
    method: str
    path: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return {
            "type": "object",
            "properties": dict(self.properties),
            "required": list(self.required),
            "additionalProperties": False,
        }


TOOLS = (
    Tool("list_agents", "The agents, what each is for, and how each has done.", "GET", "agents"),
    Tool(
        "submit_task",
        "Hand in a task for the agents; returns the execution, which goes on by itself. Follow it with `wait_for_execution`.",
        "POST",
        "tasks",
        {
            "request": TEXT | {"description": "what shall be done, with the text to work on behind a colon"},
            "mode": MODES,
            "conversation": TEXT,
            "deploy": {
                "type": "boolean",
                "description": "whether the result goes online; a person approves it first",
            },
            "files": FILES,
        },
        ("request",),
    ),
    Tool("list_executions", "The last executions.", "GET", "executions", {"state": STATES}),
    Tool(
        "execution",
        "One execution with its plan, each step's result, its evidence and confidence.",
        "GET",
        "executions/{execution_id}",
        {"execution_id": ID},
        ("execution_id",),
    ),
    Tool(
        WAIT,
        f"Wait until an execution has ended, at most {MOST_WAIT_S:g} s, and return it as it is then.",
        "GET",
        "executions/{execution_id}",
        {"execution_id": ID, "timeout_s": {"type": "number", "minimum": 0, "maximum": MOST_WAIT_S}},
        ("execution_id",),
    ),
    Tool(
        "cancel_execution",
        "Stop an execution.",
        "POST",
        "executions/{execution_id}/cancellation",
        {"execution_id": ID},
        ("execution_id",),
    ),
    Tool(
        "execution_files",
        "The files of an execution with their checksums.",
        "GET",
        "executions/{execution_id}/artefacts",
        {"execution_id": ID},
        ("execution_id",),
    ),
    Tool(
        "file_content",
        "The content of one file of an execution.",
        "GET",
        "artefacts/{artefact_id}/content",
        {"artefact_id": ID},
        ("artefact_id",),
    ),
    Tool(
        "recall_memory",
        "What this tenant remembers of something, by meaning and by words, with why each was found.",
        "GET",
        "memories",
        {"q": TEXT, "conversation": TEXT, "project": TEXT},
        ("q",),
    ),
    Tool(
        "remember",
        "Remember a note for later tasks.",
        "POST",
        "memories",
        {
            "text": TEXT,
            "importance": {"type": "number", "minimum": 0, "maximum": 1},
            "conversation": TEXT,
            "project": TEXT,
        },
        ("text",),
    ),
    Tool("list_tools", "The tools that the agents may use, and what becomes of each.", "GET", "tools"),
    Tool("list_projects", "The projects.", "GET", "projects"),
    Tool("list_deployments", "The deployments.", "GET", "deployments"),
    Tool(
        "deployment",
        "One deployment with its state and address.",
        "GET",
        "deployments/{deployment_id}",
        {"deployment_id": ID},
        ("deployment_id",),
    ),
    Tool(
        "deploy",
        "Bring a release online; where its environment is guarded, a person approves it first.",
        "POST",
        "deployments",
        {"release_id": ID, "target": TEXT, "environment": ENVIRONMENTS},
        ("release_id",),
    ),
    Tool("list_approvals", "What waits for a person's word.", "GET", "approvals"),
)
BY_NAME: Mapping[str, Tool] = {tool.name: tool for tool in TOOLS}
