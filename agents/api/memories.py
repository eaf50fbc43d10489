"""What the tenant remembers: listed, recalled, remembered, edited, forgotten."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from agents import memory
from agents.api.control import IDEMPOTENCY_KEY
from agents.api.memory_serializers import MemoryChange, MemoryRepresentation, MemoryRequest
from agents.memory.embedding import embedded_if_possible, model_in_use
from agents.models import Memory
from deployments.models import Project
from miosa.http.pagination import read_limit
from miosa.http.problem import BadParameter, Unprocessable, invalid
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

READ, WRITE = "memories:read", "memories:write"
MOST_QUERY = 2_000  # characters
FILTERS = [
    OpenApiParameter(
        "q",
        OpenApiTypes.STR,
        description="Recall by meaning and by words, best first, with why each was found; one page.",
    ),
    OpenApiParameter(
        "project",
        OpenApiTypes.STR,
        description="Slug. With q: where one stands, so that what is known everywhere is found too; else only its own.",
    ),
    OpenApiParameter("conversation", OpenApiTypes.STR, description="The same for a conversation."),
    OpenApiParameter("kind", OpenApiTypes.STR, enum=Memory.Kind.values),
]


class Memories(IdempotentPost, ListAPIView[Memory]):
    """The tenant's memories, newest first, or with `q` the best first; a POST remembers something."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = MemoryRepresentation
    queryset = Memory.objects.none()

    def get_queryset(self) -> Any:
        reach = _reach(self.request)
        wanted = {
            "project_id": reach.project_id,
            "conversation": reach.conversation,
            "kind": reach.kind,
        }
        return memory.listed().filter(**{name: value for name, value in wanted.items() if value})

    @extend_schema(tags=["memories"], parameters=FILTERS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        text = request.query_params.get("q", "").strip()
        if not text:
            return super().get(request, *args, **kwargs)
        if len(text) > MOST_QUERY:
            raise BadParameter(f"q has up to {MOST_QUERY:,} characters.", parameter="q")
        asked = memory.Asked(text, embedded_if_possible(text), model_in_use())
        found = memory.search(asked, reach=_reach(request), limit=read_limit(request.query_params))
        for one in found:
            setattr(one.memory, "found", one)  # noqa: B010  no field of the model
        rows = MemoryRepresentation([one.memory for one in found], many=True).data
        return Response({"items": rows, "next": None})

    @extend_schema(
        tags=["memories"],
        request=MemoryRequest,
        responses={201: MemoryRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = MemoryRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        said = payload.validated_data
        note = memory.Note(
            said["text"],
            memory.Provenance(principal_of(request).name, said["origin"], said["source"]),
            memory.Place(_project_id(said["project"]), said["conversation"], said["scope"]),
            said["importance"],
            said["expires"],
        )
        made = memory.remember(note)
        place = reverse("memory", args=[made.pk], request=request)
        body = MemoryRepresentation(memory.one(made.pk)).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": place})


@extend_schema(tags=["memories"], responses=MemoryRepresentation)
class MemoryDetail(APIView):
    """One memory."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, _request: Request, memory_id: UUID) -> Response:
        return Response(MemoryRepresentation(memory.one(memory_id)).data)

    @extend_schema(
        request=MemoryChange,
        description="Changes its text, importance, end or scope. Other words are embedded anew; where they came from stays.",
    )
    def patch(self, request: Request, memory_id: UUID) -> Response:
        payload = MemoryChange(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        changes = dict(payload.validated_data)
        if "project" in changes:
            changes["project_id"] = _project_id(changes.pop("project"))
        memory.edit(memory_id, by=principal_of(request).name, **changes)
        return Response(MemoryRepresentation(memory.one(memory_id)).data)

    @extend_schema(
        responses={204: None}, description="Forgets it, with its vectors; its words are in no log."
    )
    def delete(self, request: Request, memory_id: UUID) -> Response:
        memory.forget(memory_id, by=principal_of(request).name)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _project_id(slug: str) -> UUID | None:
    if not slug:
        return None
    found: UUID | None = Project.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise Unprocessable(errors=[invalid("names no project", "project")])
    return found


def _reach(request: Request) -> memory.Reach:
    said = request.query_params
    kind, slug = said.get("kind", ""), said.get("project", "")
    if kind and kind not in Memory.Kind.values:
        raise BadParameter(f"kind is one of {', '.join(Memory.Kind.values)}.", parameter="kind")
    project_id = Project.objects.filter(slug=slug).values_list("pk", flat=True).first() if slug else None
    if slug and project_id is None:
        raise BadParameter("There is no such project.", parameter="project")
    return memory.Reach(project_id, said.get("conversation", ""), kind)
