"""An execution as an A2A task, and what an A2A message asks for; pure."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError
from google.protobuf.json_format import MessageToDict

STATES = {
    "pending": a2a.TASK_STATE_SUBMITTED,
    "in_progress": a2a.TASK_STATE_WORKING,
    "completed": a2a.TASK_STATE_COMPLETED,
    "failed": a2a.TASK_STATE_FAILED,
    "cancelled": a2a.TASK_STATE_CANCELED,
}
ANSWER = "answer"
WAITS = "It waits for a person's word, which is given by the link they were sent or over REST (/api/v1/approvals)."


def asked_of(message: a2a.Message) -> dict[str, Any]:
    """Return the task that a message hands in: its texts are the request, its data and bytes are files.

    Raises InvalidParamsError, ContentTypeNotSupportedError.
    """
    if not message.message_id or message.role != a2a.ROLE_USER:
        raise InvalidParamsError("A message has a messageId and the role ROLE_USER.")
    texts, files = [], []
    for number, part in enumerate(message.parts):
        match part.WhichOneof("content"):  # type: ignore[no-untyped-call]
            case "text":
                texts.append(part.text)
            case "raw":
                name = part.filename or f"file-{number}"
                files.append({"path": name, "base64": b64encode(part.raw).decode()})
            case "data":
                texts.append(json.dumps(MessageToDict(part.data)))  # type: ignore[no-untyped-call]
            case _:
                raise ContentTypeNotSupportedError(
                    "A part is a text, data, or bytes; addresses are not fetched."
                )
    if not any(text.strip() for text in texts):
        raise InvalidParamsError("A message needs a text that says what shall be done.")
    context = message.context_id or str(uuid4())
    return {"request": "\n\n".join(texts), "conversation": context, "files": files}


def task_of(execution: Mapping[str, Any]) -> a2a.Task:
    """Return an execution, as REST shows it, as a task; its answer is its artifact."""
    task = a2a.Task(id=execution["id"], context_id=context_of(execution))
    task.status.CopyFrom(status_of(execution))  # type: ignore[no-untyped-call]
    if execution.get("output"):
        task.artifacts.append(artifact_of(execution))
    task.metadata.update({"confidence": execution["confidence"], "cost_micros": execution["cost_micros"]})
    return task


def context_of(execution: Mapping[str, Any]) -> str:
    """Return the context of a task; one that was handed in another way and without a conversation has its own."""
    return str(execution["conversation"] or execution["id"])


def status_of(execution: Mapping[str, Any], said: str = "") -> a2a.TaskStatus:
    """Return where it stands; one that waits for a person's word needs input."""
    state, told = STATES[execution["state"]], said or execution.get("error", "")
    if execution.get("waits_for_person"):
        state, told = a2a.TASK_STATE_INPUT_REQUIRED, told or WAITS
    status = a2a.TaskStatus(state=state)
    if told:
        status.message.CopyFrom(_said(execution["id"], told))  # type: ignore[no-untyped-call]
    status.timestamp.GetCurrentTime()
    return status


def artifact_of(execution: Mapping[str, Any]) -> a2a.Artifact:
    """Return its answer."""
    return a2a.Artifact(
        artifact_id=ANSWER,
        name=ANSWER,
        parts=[a2a.Part(text=execution["output"], media_type="text/markdown")],
    )


def _said(task_id: str, text: str) -> a2a.Message:
    return a2a.Message(
        message_id=str(uuid4()), task_id=task_id, role=a2a.ROLE_AGENT, parts=[a2a.Part(text=text)]
    )
