"""Releases over the API: cut, listed, fetched, compared and checked."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments import projects, releases
from deployments.api.project_files import FORMAT, PATH, AnyType
from deployments.api.projects import IDEMPOTENCY_KEY, READ, WRITE
from deployments.api.release_serializers import (
    DifferenceRepresentation,
    ReleaseRepresentation,
    ReleaseRequest,
    ReleaseSummary,
    Verification,
)
from deployments.api.transfers import archive_response
from deployments.downloads import file_response
from deployments.models import Release
from deployments.strict import checked
from miosa.http.problem import BadParameter
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of


class ProjectReleases(IdempotentPost, ListAPIView[Release]):
    """A project's releases, newest first; a POST cuts one."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = ReleaseSummary
    queryset = Release.objects.none()

    def get_queryset(self) -> Any:
        return releases.listed(projects.project(self.kwargs["project_id"]))

    @extend_schema(tags=["releases"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["releases"],
        request=ReleaseRequest,
        responses={201: ReleaseSummary},
        parameters=[IDEMPOTENCY_KEY],
        description="What was cut last, cut again without a note, is that release again.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(ReleaseRequest, request.data)
        made = releases.cut(kwargs["project_id"], author=principal_of(request).name, note=said["note"])
        place = reverse("release", args=[made.pk], request=request)
        return Response(
            ReleaseSummary(made).data, status=status.HTTP_201_CREATED, headers={"Location": place}
        )


@extend_schema(tags=["releases"], responses=ReleaseRepresentation)
class ReleaseDetail(APIView):
    """One release with its manifest, recipe and evidence."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, release_id: UUID) -> Response:
        return Response(ReleaseRepresentation(releases.release(release_id)).data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # a large one takes a while to pack
class ReleaseArchive(APIView):
    """All files of a release as an archive."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    content_negotiation_class = AnyType

    @extend_schema(
        tags=["releases"],
        parameters=[FORMAT],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, release_id: UUID) -> StreamingHttpResponse:
        release = releases.release(release_id)
        name = f"{release.project.slug}-{release.number}"
        return archive_response(request, releases.bundle_of(release).packed(), name=name)


class ReleaseFile(APIView):
    """The bytes of one file of a release."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    content_negotiation_class = AnyType

    @extend_schema(
        tags=["releases"],
        parameters=[PATH],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, release_id: UUID) -> HttpResponse:
        release, path = releases.release(release_id), request.query_params.get("path", "")
        entry = next((one for one in release.manifest if one["path"] == path), None)
        content = releases.bundle_of(release).read(path)
        return file_response(path, content, headers={"ETag": f'"{entry["digest"]}"'} if entry else {})


@extend_schema(
    tags=["releases"],
    responses=DifferenceRepresentation,
    parameters=[
        OpenApiParameter(
            "against", OpenApiTypes.UUID, description="another release of the project; else the one before"
        )
    ],
)
class ReleaseDifference(APIView):
    """What a release changes: files, and lines of texts as unified diffs."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, request: Request, release_id: UUID) -> Response:
        release = releases.release(release_id)
        against = _against(request, release)
        found = releases.difference_of(release, against)
        said = {
            "release_id": release.pk,
            "against_id": against.pk if against else None,
            "recipe_changed": bool(against and against.recipe != release.recipe),
            **{name: getattr(found, name) for name in ("counts", "added_lines", "removed_lines", "changes")},
        }
        return Response(DifferenceRepresentation(said).data)


@extend_schema(tags=["releases"], responses=Verification)
class ReleaseVerification(APIView):
    """Whether a release is what it was when it was cut: its checksum, and the bytes of its files."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, release_id: UUID) -> Response:
        faults = releases.faults_of(releases.release(release_id))
        return Response({"intact": not faults, "faults": faults})


def _against(request: Request, release: Release) -> Release | None:
    text = request.query_params.get("against")
    if text is None:
        return releases.before(release)
    try:
        other = releases.release(UUID(text))
    except ValueError:
        raise BadParameter("against is the id of a release.", parameter="against") from None
    if other.project_id != release.project_id:
        raise BadParameter("against is a release of the same project.", parameter="against")
    return other
