"""What A2A asks, answered by REST as the caller: messages hand in tasks, tasks are executions."""

from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import (
    A2AError,
    ExtendedAgentCardNotConfiguredError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from starlette.exceptions import HTTPException

from miosa.protocols.a2a_task import STATES, WAITS, artifact_of, asked_of, context_of, status_of, task_of
from miosa.protocols.following import ENDED, looks
from miosa.protocols.within import Answer, Within, part

CALLER = "caller"
OLD = "/"  # stands in the methods of 0.3: message/send
MOST_WAIT_S = 110.0
NOT_FOUND, CONFLICT, SERVER_ERRORS = 404, 409, 500
OF_THE_CALLER = frozenset({401, 402, 403, 429})  # told by HTTP itself: nothing is wrong with what was asked


class Handler(RequestHandler):
    """`within` asks REST; the caller stands in the context's state."""

    def __init__(self, within: Within) -> None:
        self._within = within

    async def on_message_send(self, params: Any, context: ServerCallContext) -> a2a.Task:
        """Hand a task in; wait for its end as long as that is bearable, unless the caller would not."""
        made = await self._submitted(params, context)
        if params.configuration.return_immediately:
            return task_of(made)
        async for execution in self._followed(made["id"], context, MOST_WAIT_S):
            made = execution
            if made["waits_for_person"]:
                break
        return task_of(made)

    async def on_message_send_stream(
        self, params: Any, context: ServerCallContext
    ) -> AsyncGenerator[Any, None]:
        """Hand a task in and tell what becomes of it until it has ended."""
        made = await self._submitted(params, context)
        async for event in self._told(made, context):
            yield event

    async def on_subscribe_to_task(
        self, params: Any, context: ServerCallContext
    ) -> AsyncGenerator[Any, None]:
        """Tell what becomes of a task that was handed in before."""
        execution = await self._execution(params.id, context)
        if execution["state"] in ENDED:
            raise UnsupportedOperationError("This task has ended: get it.")
        async for event in self._told(execution, context):
            yield event

    async def on_get_task(self, params: Any, context: ServerCallContext) -> a2a.Task:
        """Return a task as it is now."""
        return task_of(await self._execution(params.id, context))

    async def on_list_tasks(self, params: Any, context: ServerCallContext) -> a2a.ListTasksResponse:
        """Return the last tasks, of one state and one context where that is asked for; how many there are is not counted."""
        named = {number: name for name, number in STATES.items()}
        query = {
            "limit": params.page_size or 50,
            "state": named.get(params.status),
            "conversation": params.context_id or None,
            "cursor": params.page_token or None,
        }
        asked = {name: value for name, value in query.items() if value is not None}
        told = _checked(await self._ask(context, "GET", "executions", query=asked))
        tasks = [task_of(one) for one in told["items"]]
        fit = [one for one in tasks if params.status in (a2a.TASK_STATE_UNSPECIFIED, one.status.state)]
        following = parse_qs(urlsplit(told["next"] or "").query).get("cursor", [""])[0]
        return a2a.ListTasksResponse(
            tasks=fit, page_size=len(fit), total_size=len(fit), next_page_token=following
        )

    async def on_cancel_task(self, params: Any, context: ServerCallContext) -> a2a.Task:
        """Stop a task."""
        answer = await self._ask(context, "POST", f"executions/{part(params.id)}/cancellation")
        if answer.status == CONFLICT:
            raise TaskNotCancelableError(str(answer.told.get("detail", "")))
        return task_of(_checked(answer))

    async def on_create_task_push_notification_config(self, params: Any, context: Any) -> Any:
        """Nothing is pushed: follow the stream."""
        raise PushNotificationNotSupportedError

    on_get_task_push_notification_config = on_create_task_push_notification_config
    on_list_task_push_notification_configs = on_create_task_push_notification_config
    on_delete_task_push_notification_config = on_create_task_push_notification_config

    async def on_get_extended_agent_card(self, params: Any, context: Any) -> Any:
        """The card says all there is."""
        raise ExtendedAgentCardNotConfiguredError

    async def _submitted(self, params: Any, context: ServerCallContext) -> dict[str, Any]:
        asked = asked_of(params.message)
        if params.configuration.HasField("task_push_notification_config"):
            raise PushNotificationNotSupportedError
        if params.message.task_id:
            await self._refuse_more(params.message, context)
        told: dict[str, Any] = _checked(await self._ask(context, "POST", "tasks", body=asked))
        return told

    async def _refuse_more(self, message: a2a.Message, context: ServerCallContext) -> None:
        """Say why a task takes no further message: what is asked next is a task of its own, in the same context."""
        execution = await self._execution(message.task_id, context)
        if message.context_id and message.context_id != context_of(execution):
            raise InvalidParamsError("This task is of another context.")
        if execution["waits_for_person"]:
            raise UnsupportedOperationError(WAITS)
        done = "has ended" if execution["state"] in ENDED else "is under way and takes no further message"
        raise UnsupportedOperationError(
            f"This task {done}: send what is next in its context, without its id."
        )

    async def _told(self, execution: dict[str, Any], context: ServerCallContext) -> AsyncGenerator[Any, None]:
        """Yield the task, each change of where it stands, its answer, and the end."""
        task = task_of(execution)
        yield task
        names: dict[str, Any] = {"task_id": task.id, "context_id": task.context_id}
        seen = ""
        async for now in self._followed(execution["id"], context, None):
            if now["state"] in ENDED:
                if now.get("output"):
                    yield a2a.TaskArtifactUpdateEvent(**names, artifact=artifact_of(now), last_chunk=True)
                yield a2a.TaskStatusUpdateEvent(**names, status=status_of(now))
                return
            said = _progress(now)
            if (stands := f"{now['state']} {now['waits_for_person']} {said}") != seen:
                seen = stands
                yield a2a.TaskStatusUpdateEvent(**names, status=status_of(now, said))

    async def _followed(
        self, execution_id: str, context: ServerCallContext, most_s: float | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the execution again and again, until it has ended or the time is over."""
        async for answer in looks(self._within, context.state[CALLER], execution_id, most_s=most_s):
            if answer.status in OF_THE_CALLER:  # the stream has begun: HTTP can say nothing any more
                raise A2AError(_said(answer))
            yield _checked(answer)

    async def _execution(self, task_id: str, context: ServerCallContext) -> dict[str, Any]:
        told: dict[str, Any] = _checked(await self._ask(context, "GET", f"executions/{part(task_id)}"))
        return told

    async def _ask(self, context: ServerCallContext, method: str, path: str, **options: Any) -> Answer:
        """Return what REST answers; raise where the caller may not: by HTTP, or in words to who speaks 0.3, which hears those."""
        answer = await self._within.ask(context.state[CALLER], method, path, **options)
        if answer.status not in OF_THE_CALLER:
            return answer
        if OLD in context.state["method"]:
            raise A2AError(_said(answer))
        wait = {"Retry-After": f"{answer.retry_after_s:.0f}"} if answer.retry_after_s else None
        raise HTTPException(answer.status, _said(answer), wait)


def _progress(execution: dict[str, Any]) -> str:
    """Return in words what is being done."""
    running = [f"{one['agent']}: {one['purpose']}" for one in execution["steps"] if one["state"] == "running"]
    waiting = [one["waits_for"] for one in execution["steps"] if one["waits_for"] and one["state"] == "ready"]
    return "; ".join([*running, *waiting])


def _checked(answer: Answer) -> Any:
    """Return what REST told; raise A2A's error for a refusal, with REST's words."""
    if answer.ok:
        return answer.told
    said = _said(answer)
    if answer.status == NOT_FOUND:
        raise TaskNotFoundError(said)
    raise A2AError(said) if answer.status >= SERVER_ERRORS else InvalidParamsError(said)


def _said(answer: Answer) -> str:
    """Return a refusal in words, with each member that does not fit."""
    wrong = [f"{one['pointer']}: {one['detail']}" for one in answer.told.get("errors", ())]
    return " ".join([str(answer.told.get("detail") or answer.told.get("title") or answer.status), *wrong])
