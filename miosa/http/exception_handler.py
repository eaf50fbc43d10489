"""Whatever was raised becomes one `application/problem+json`: in REST framework's views and around them."""

import json
import logging
import sys
from collections.abc import Mapping
from html import escape
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from miosa.http import problem
from miosa.http.known_errors import problem_from
from miosa.http.problem import Problem
from miosa.http.request_id import current_request_id

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    "<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}}"
    ":root{{color-scheme:light dark}}</style><h1>{title}</h1><p>{detail}</p><p><small>{request_id}</small></p>"
)


class ProblemRenderer(JSONRenderer):
    """A problem is JSON whatever the client asked for: who accepts only a stream can still read it."""

    media_type = problem.MEDIA_TYPE
    format = "problem"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's EXCEPTION_HANDLER; an error nobody foresaw is logged and told only by request id."""
    told = problem_from(error)
    if told is None:
        logger.error("Unexpected error in %s", type(context.get("view")).__name__, exc_info=error)
        told = unexpected()
    elif told.status >= 500:  # noqa: PLR2004
        logger.warning("Answered %d: %s", told.status, told, exc_info=error)
    set_rollback()
    return told_and_kept(told, context.get("request"))


def told_and_kept(told: Problem, request: Request | None) -> Response:
    """The problem as a view's answer: unlike one that is raised it leaves the request's transaction to be committed."""
    _render_as_problem(request)
    return Response(document(told), status=told.status, headers=told.headers, content_type=problem.MEDIA_TYPE)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, problem_from(exception) or problem.BadRequest("The request is not acceptable."))


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return answer(request, problem.Forbidden("This is not permitted."))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return answer(request, problem.NotFound("There is no such page."))


def handler500(request: HttpRequest) -> HttpResponse:
    """Also reached by what fails before any view: a middleware, or the opening of the transaction."""
    error = sys.exc_info()[1]
    return answer(request, (problem_from(error) if error else None) or unexpected())


def answer(request: HttpRequest, told: Problem) -> HttpResponse:
    """The problem as JSON for the API, as a page that a person can read elsewhere."""
    members = document(told)
    if request.path.startswith(API_PREFIX):
        body, content_type = json.dumps(members), problem.MEDIA_TYPE
    else:
        words = {name: escape(str(members.get(name, ""))) for name in ("title", "detail", "request_id")}
        body, content_type = PAGE.format(**words), "text/html; charset=utf-8"
    return HttpResponse(body, status=told.status, headers=told.headers, content_type=content_type)


def document(told: Problem) -> dict[str, Any]:
    """The problem as sent: with the id under which the logs know this request."""
    request_id = current_request_id()
    return told.document() | ({"request_id": request_id} if request_id else {})


def unexpected() -> Problem:
    """What a client learns of an error nobody foresaw: nothing but that it happened."""
    return Problem("Something went wrong on our side; name the request id when you report it.")


def _render_as_problem(request: Request | None) -> None:
    if request is not None:
        renderer = ProblemRenderer()
        request.accepted_renderer = renderer
        request.accepted_media_type = renderer.media_type
