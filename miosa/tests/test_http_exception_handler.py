"""Whatever a view raises, the client reads one problem document and never our insides."""

import json
import logging

import pytest
from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from miosa.http import exception_handler as handler
from miosa.http import problem
from miosa.http.request_id import request_id_scope

requests = APIRequestFactory()


class Line(serializers.Serializer):
    text = serializers.CharField(max_length=3)


class Poem(serializers.Serializer):
    title = serializers.CharField()
    lines = Line(many=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=2), required=False)

    def validate(self, attrs):
        if attrs["title"] == "none":
            raise serializers.ValidationError("A poem needs a title.")
        return attrs


class Poems(APIView):
    authentication_classes = permission_classes = ()
    renderer_classes = (JSONRenderer,)
    error: Exception = RuntimeError()

    def get_exception_handler(self):
        return handler.exception_handler

    def get(self, _request):
        raise self.error

    def post(self, request):
        Poem(data=request.data).is_valid(raise_exception=True)
        return Response({})


def told(error, **headers):
    """The response and the document a client gets when a view raises `error`."""
    response = Poems.as_view(error=error)(requests.get("/api/v1/poems", **headers)).render()
    assert response["Content-Type"] == problem.MEDIA_TYPE
    return response, json.loads(response.content)


def posted(payload, content_type="application/json"):
    body = payload if isinstance(payload, str) else json.dumps(payload)
    request = requests.post("/api/v1/poems", body, content_type=content_type)
    response = Poems.as_view()(request).render()
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (problem.Conflict("Taken."), 409),
        (drf.ParseError("JSON parse error - x"), 400),
        (drf.NotAuthenticated(), 401),
        (drf.AuthenticationFailed(), 401),
        (drf.PermissionDenied(), 403),
        (drf.NotFound(), 404),
        (drf.MethodNotAllowed("GET"), 405),
        (drf.UnsupportedMediaType("text/csv"), 415),
        (drf.ValidationError("No."), 422),
        (drf.Throttled(wait=3), 429),
        (Http404("No Poem matches the given query."), 404),
        (django_errors.PermissionDenied(), 403),
        (django_errors.ValidationError("No."), 422),
        (django_errors.RequestDataTooBig(), 413),
        (django_errors.DisallowedHost(), 400),
        (OperationalError("connection to 10.0.0.7 refused"), 503),
        (InterfaceError("connection already closed"), 503),
        (ZeroDivisionError("secret"), 500),
    ],
)
def test_every_error_has_its_status(error, status):
    """Status and document agree, and the document is complete."""
    response, document = told(error)
    assert response.status_code == document["status"] == status
    assert document["title"]
    assert document["detail"]


def test_unknown_errors_tell_only_the_request_id(caplog):
    """The client gets the id under which the log has the traceback, and nothing else of the error."""
    with request_id_scope("abc-1"):
        response, document = told(ZeroDivisionError("password=hunter2"))
    assert document["request_id"] == "abc-1"
    assert b"hunter2" not in response.content
    [record] = [r for r in caplog.records if r.name == handler.__name__]
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is ZeroDivisionError


def test_an_unreachable_database_is_told_without_its_address():
    """503 with Retry-After; the server's address stays in the log."""
    response, _ = told(OperationalError("connection to 10.0.0.7 refused"))
    assert int(response["Retry-After"]) >= 1
    assert b"10.0.0.7" not in response.content


def test_missing_credentials_name_the_scheme():
    """A 401 from REST framework says how to authenticate, too."""
    assert told(drf.NotAuthenticated())[0]["WWW-Authenticate"] == "Bearer"


def test_throttling_says_how_long():
    """Retry-After is the time REST framework computed, rounded up."""
    assert told(drf.Throttled(wait=2.3))[0]["Retry-After"] == "3"


def test_no_row_is_named_in_a_404():
    """Which model was searched is nobody's business."""
    assert "Poem" not in told(Http404("No Poem matches the given query."))[1]["detail"]


def test_broken_json_is_a_bad_request():
    """400 and not 422: the payload was never read."""
    status, document = posted('{"title": ')
    assert (status, document["title"]) == (400, "Bad Request")
    assert document["detail"].startswith("The body is not valid JSON: ")


def test_invalid_payloads_are_located_by_json_pointers():
    """Fields, items of lists and the whole object each have their place."""
    status, document = posted({"lines": [{"text": "ok"}, {"text": "long"}], "tags": ["ok", "long"]})
    assert status == 422
    assert {error["pointer"] for error in document["errors"]} == {"/title", "/lines/1/text", "/tags/1"}
    assert all(error["detail"] for error in document["errors"])


def test_an_error_about_the_whole_object_points_at_the_whole():
    """Not a field named non_field_errors, which no client sent."""
    _, document = posted({"title": "none", "lines": []})
    assert document["errors"] == [{"pointer": "", "detail": "A poem needs a title."}]


def test_model_validation_is_located_too():
    """What full_clean() raises reads like what a serializer raises."""
    _, document = told(django_errors.ValidationError({"slug": ["Taken."]}))
    assert document["errors"] == [{"pointer": "/slug", "detail": "Taken."}]


def test_a_client_that_accepts_no_json_still_reads_the_problem():
    """Problems do not depend on content negotiation."""
    response, document = told(problem.NotFound("Gone."), HTTP_ACCEPT="text/event-stream")
    assert response.status_code == document["status"] == 406


def raised_outside_views(error, path):
    """What Django's handler500 answers while `error` is being handled."""
    try:
        raise error
    except type(error):
        return handler.handler500(requests.get(path))


@pytest.mark.parametrize(
    ("error", "status"), [(OperationalError("no"), 503), (problem.Forbidden("no"), 403), (KeyError("x"), 500)]
)
def test_errors_outside_views_are_problems_too(error, status):
    """A middleware that cannot reach the database answers like a view that cannot."""
    response = raised_outside_views(error, "/api/v1/poems")
    assert (response.status_code, response["Content-Type"]) == (status, problem.MEDIA_TYPE)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda request: handler.handler400(request, django_errors.SuspiciousOperation()), 400),
        (lambda request: handler.handler403(request, django_errors.PermissionDenied()), 403),
        (lambda request: handler.handler404(request, Http404()), 404),
        (handler.handler500, 500),
    ],
)
def test_people_read_a_page_and_programs_a_problem(answer, status):
    """Django's own handlers answer by path: JSON under /api/, a page elsewhere."""
    page, document = answer(requests.get("/admin/nowhere")), answer(requests.get("/api/v1/nowhere"))
    assert page.status_code == document.status_code == status
    assert page["Content-Type"].startswith("text/html")
    assert json.loads(document.content)["status"] == status
