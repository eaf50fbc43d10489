"""Git over the API: a remote's files come into a project, a release goes to a remote."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.api.projects import WRITE
from deployments.files import Author
from deployments.git import transfers
from deployments.git.remotes import MOST_URL
from deployments.strict import StrictRequest, checked
from tenants.principal import principal_of

CREDENTIAL = "the secret git/<credential>, `user:token` or a token alone; without one nobody signs in"
URL = "https:// address of a git server, without a user name or password in it"


class GitImportRequest(StrictRequest):
    url = serializers.CharField(max_length=MOST_URL, help_text=URL)
    ref = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="branch, tag or commit; the remote's own branch without one",
    )
    credential = serializers.CharField(max_length=100, default="", allow_blank=True, help_text=CREDENTIAL)


class GitImportRepresentation(serializers.Serializer[Any]):
    commit = serializers.CharField()
    files_version = serializers.IntegerField(source="changed.version")
    paths = serializers.ListField(
        child=serializers.CharField(), source="changed.paths", help_text="what is other than before"
    )


class GitPushRequest(StrictRequest):
    url = serializers.CharField(max_length=MOST_URL, help_text=URL)
    branch = serializers.CharField(max_length=200, help_text="made where it is not there yet")
    credential = serializers.CharField(max_length=100, default="", allow_blank=True, help_text=CREDENTIAL)
    message = serializers.CharField(max_length=transfers.MOST_MESSAGE, default="", allow_blank=True)


class GitPushRepresentation(serializers.Serializer[Any]):
    commit = serializers.CharField(help_text="what stands at the branch now")
    new = serializers.BooleanField(help_text="false where the same files stood there already")


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # the remote is asked in between
class GitImports(APIView):
    """Make a project's files those of a remote's commit. Asked again, it changes nothing that did not change there."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    @extend_schema(tags=["projects"], request=GitImportRequest, responses={200: GitImportRepresentation})
    def post(self, request: Request, project_id: UUID) -> Response:
        said = checked(GitImportRequest, request.data)
        author = Author(principal_of(request).name)
        return Response(
            GitImportRepresentation(transfers.import_files(project_id, **said, author=author)).data
        )


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class GitPushes(APIView):
    """Bring a release onto a branch of a remote as one commit. Asked again, nothing is pushed."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    @extend_schema(tags=["releases"], request=GitPushRequest, responses={200: GitPushRepresentation})
    def post(self, request: Request, release_id: UUID) -> Response:
        said = checked(GitPushRequest, request.data)
        pushed = transfers.push_release(release_id, **said, actor=principal_of(request).name)
        return Response(GitPushRepresentation(pushed).data, status=status.HTTP_200_OK)
