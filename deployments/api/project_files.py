"""Files of a project over the API: the tree, one file, many at once, its versions, and archives in and out."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import contents, files, projects
from deployments.api.project_serializers import (
    FileRenaming,
    FileRepresentation,
    FileRestoration,
    FilesChanged,
    FilesRequest,
    FileTree,
    FileVersionRepresentation,
)
from deployments.api.projects import IDEMPOTENCY_KEY, READ, WRITE
from deployments.api.transfers import RawBody, archive_response, sent_bytes, sent_file
from deployments.archives import Packed, opened
from deployments.downloads import file_response
from deployments.files import Author, Expected, NewFile
from deployments.models import FileVersion
from deployments.strict import checked
from miosa.http.problem import BadParameter, BadRequest
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

PATH = OpenApiParameter("path", OpenApiTypes.STR, required=True)
AT = OpenApiParameter("at", OpenApiTypes.INT, description="as it was after this change")
FORMAT = OpenApiParameter("format", OpenApiTypes.STR, enum=["zip", "tar", "tar.gz"])
MODE = OpenApiParameter(
    "mode",
    OpenApiTypes.STR,
    enum=["replace", "merge"],
    description="replace (default): what is not in it goes",
)
IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="the file's ETag"
)
ARCHIVE = {"application/octet-stream": OpenApiTypes.BINARY}


class AnyType(BaseContentNegotiation):
    """What is fetched is bytes, whatever the client accepts; `?format=` is the route's own."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


@extend_schema(tags=["projects"])
class ProjectFiles(IdempotentPost, APIView):
    """The tree of a project; a POST writes some files, all or none."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}

    @extend_schema(parameters=[AT], responses=FileTree, operation_id="projects_files_list")
    def get(self, request: Request, project_id: UUID) -> Response:
        project = projects.project(project_id)
        tree = files.tree(project, at=_number(request, "at"))
        rows = [{"path": path, **_said(blob)} for path, blob in tree.items()]
        size = sum(blob.size for blob in tree.values())
        items = FileRepresentation(rows, many=True).data
        return Response(
            {"files_version": project.files_version, "size_bytes": size, "items": items, "next": None}
        )

    @extend_schema(request=FilesRequest, responses=FilesChanged, parameters=[IDEMPOTENCY_KEY])
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(FilesRequest, request.data)
        new = [NewFile(one["path"], one["bytes"], one.get("executable")) for one in said["files"]]
        expected = Expected(version=said.get("expected_version"))
        return _changed(files.write(kwargs["project_id"], new, author=_author(request), expected=expected))


@extend_schema(tags=["projects"], parameters=[PATH])
class ProjectFileContent(APIView):
    """The bytes of one file. `ETag` is its version; `If-Match` with it guards a change, `If-None-Match: *` a new file."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PUT": WRITE, "DELETE": WRITE}
    parser_classes = (RawBody,)
    content_negotiation_class = AnyType

    @extend_schema(parameters=[AT], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, project_id: UUID) -> HttpResponse:
        path = _path(request)
        blob = files.file(projects.project(project_id), path, at=_number(request, "at"))
        return file_response(path, files.bytes_of(blob), headers={"ETag": f'"{blob.number}"'})

    @extend_schema(request=ARCHIVE, responses=FilesChanged, parameters=[IF_MATCH])
    def put(self, request: Request, project_id: UUID) -> Response:
        path, expected = _path(request), _expected(request)
        new = NewFile(path, sent_bytes(request, contents.MOST_FILE_BYTES))
        return _changed(files.write(project_id, [new], author=_author(request), expected=expected))

    @extend_schema(responses=FilesChanged, parameters=[IF_MATCH])
    def delete(self, request: Request, project_id: UUID) -> Response:
        path, expected = _path(request), _expected(request)
        return _changed(files.delete(project_id, path, author=_author(request), expected=expected))


@extend_schema(tags=["projects"], parameters=[OpenApiParameter("path", OpenApiTypes.STR)])
class ProjectFileVersions(ListAPIView[FileVersion]):
    """Versions of one path, or of all, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = FileVersionRepresentation
    queryset = FileVersion.objects.none()

    def get_queryset(self) -> Any:
        project = projects.project(self.kwargs["project_id"])
        return files.history(project, self.request.query_params.get("path", ""))


@extend_schema(tags=["projects"], request=FileRenaming, responses=FilesChanged, parameters=[IDEMPOTENCY_KEY])
class ProjectFileRenaming(IdempotentPost, APIView):
    """Give a file another path."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(FileRenaming, request.data)
        return _changed(files.rename(kwargs["project_id"], **said, author=_author(request)))


@extend_schema(
    tags=["projects"], request=FileRestoration, responses=FilesChanged, parameters=[IDEMPOTENCY_KEY]
)
class ProjectFileRestoration(IdempotentPost, APIView):
    """Make a file what it was, as a new version."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(FileRestoration, request.data)
        restored = files.restore(kwargs["project_id"], said["path"], said["version"], author=_author(request))
        return _changed(restored)


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # a large archive takes a while to check
class ProjectArchive(APIView):
    """All files as an archive; a PUT takes one, checked as a whole before anything is written."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PUT": WRITE}
    parser_classes = (RawBody,)
    content_negotiation_class = AnyType

    @extend_schema(
        tags=["projects"],
        parameters=[FORMAT, AT],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, project_id: UUID) -> StreamingHttpResponse:
        project = projects.project(project_id)
        tree = files.tree(project, at=_number(request, "at"))
        packed = [
            Packed(path, blob.size, blob.executable, lambda blob=blob: files.bytes_of(blob))  # type: ignore[misc]
            for path, blob in tree.items()
        ]
        return archive_response(request, packed, name=project.slug)

    @extend_schema(tags=["projects"], request=ARCHIVE, parameters=[MODE], responses=FilesChanged)
    def put(self, request: Request, project_id: UUID) -> Response:
        mode = request.query_params.get("mode", "replace")
        if mode not in {"replace", "merge"}:
            raise BadParameter("mode is replace or merge.", parameter="mode")
        projects.project(project_id)
        archive = opened(sent_file(request))
        new = (NewFile(member.path, data, member.executable) for member, data in archive.contents())
        return _changed(files.write(project_id, new, author=_author(request), whole=mode == "replace"))


def _said(blob: files.Blob) -> dict[str, Any]:
    return {name: getattr(blob, name) for name in ("size", "digest", "executable", "number")}


def _changed(changed: files.Changed) -> Response:
    return Response(FilesChanged(changed).data)


def _author(request: Request) -> Author:
    return Author(principal_of(request).name)


def _path(request: Request) -> str:
    if not (path := request.query_params.get("path", "")) or "\0" in path:
        raise BadParameter("path names a file.", parameter="path")
    return path


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004  an integer of the database
        raise BadParameter(f"{name} is the number of a change.", parameter=name)
    return int(text)


def _expected(request: Request) -> Expected:
    if request.headers.get("If-None-Match") == "*":
        return Expected(number=0)
    tag = request.headers.get("If-Match", "").strip().strip('"')
    if tag in {"", "*"}:
        return Expected()
    if not (tag.isascii() and tag.isdigit()) or len(tag) > 9:  # noqa: PLR2004  as above
        raise BadRequest("If-Match is the ETag of the file, as it was fetched.")
    return Expected(number=int(tag))
