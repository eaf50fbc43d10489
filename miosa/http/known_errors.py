"""Which problem tells a client about which exception of REST framework, Django and the database."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from psycopg import errors as postgresql
from rest_framework import exceptions as drf

from miosa.http import problem
from miosa.http.problem import Problem

DATABASE_RETRY_AFTER_S = 5
NO_CHOICE = "This is not one of the valid choices."
MOVE_RETRY_AFTER_S = 2
PARSER_PREFIX = "JSON parse error - "

# Names under which an error about the whole object is filed: they are no member of the payload.
WHOLE = frozenset({"non_field_errors", django_errors.NON_FIELD_ERRORS})


def problem_from(error: BaseException) -> Problem | None:
    """The problem that tells a client about `error`, or None when nobody foresaw it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error.__cause__, CUT_OFF):  # Django's wrapping hides them among mistakes of the program
        return database_unreachable(error)
    if isinstance(error.__cause__, postgresql.ObjectInUse):
        return tenant_moving(error)
    return next((tell(error) for kind, tell in TOLD if isinstance(error, kind)), None)


def _validation(error: Any) -> Problem:
    return problem.Unprocessable(errors=located(error.detail))


def _model_validation(error: Any) -> Problem:
    return problem.Unprocessable(errors=located(getattr(error, "message_dict", None) or error.messages))


def located(detail: Any, *path: str | int) -> Iterator[dict[str, str]]:
    """Every message of a nested error detail (dicts, lists, texts) with the JSON pointer of its place."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from located(inner, *path, *(() if name in WHOLE else (name,)))
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            # A list of texts belongs to its field; a list of objects mirrors the items of the payload.
            yield from located(inner, *path, *((position,) if _nested(inner) else ()))
    else:
        # REST framework repeats what was chosen; somebody may have put a secret there.
        repeats = getattr(detail, "code", "") == "invalid_choice"
        yield problem.invalid(NO_CHOICE if repeats else str(detail), *path)


def _nested(detail: Any) -> bool:
    return isinstance(detail, Mapping | list | tuple)


def _parse_error(error: Any) -> Problem:
    return problem.BadRequest(f"The body is not valid JSON: {_text(error).removeprefix(PARSER_PREFIX)}")


def _unauthenticated(error: Any) -> Problem:
    return problem.Unauthenticated(_text(error), challenge=getattr(error, "auth_header", None) or "Bearer")


def _throttled(error: Any) -> Problem:
    return problem.TooManyRequests(retry_after_s=error.wait or 1)


def _forbidden(error: Any) -> Problem:
    return problem.Forbidden(_text(error))


def _not_permitted(_error: Any) -> Problem:
    return problem.Forbidden("This is not permitted.")


def _absent(_error: Any) -> Problem:
    return problem.NotFound("There is no such thing here.")


def _too_large(_error: Any) -> Problem:
    return Problem("The body is larger than accepted here.", status=413)


def _suspicious(_error: Any) -> Problem:
    return problem.BadRequest("The request is not acceptable.")


def _cut_short(_error: Any) -> Problem:
    return problem.BadRequest("The body could not be read to its end.")


def _other(error: Any) -> Problem:
    return Problem(_text(error), status=error.status_code)


def _text(error: Any) -> str:
    """The words of a REST framework error; a nested detail is flattened."""
    return " ".join(found["detail"] for found in located(error.detail))


def database_unreachable(_error: BaseException) -> Problem:
    """The database does not answer, or gave up under load: trying again later is right."""
    return problem.Unavailable(
        f"The database does not answer just now; try again in {DATABASE_RETRY_AFTER_S} s.",
        retry_after_s=DATABASE_RETRY_AFTER_S,
    )


def tenant_moving(_error: BaseException) -> Problem:
    """Nobody may enter the tenant while its rows are moved (`miosa.pg.tenant_entry`); that is short."""
    return problem.Unavailable(
        f"The tenant is being moved; try again in {MOVE_RETRY_AFTER_S} s.", retry_after_s=MOVE_RETRY_AFTER_S
    )


# To psycopg these are an InternalError: the server ended a transaction that took too long, or it is a standby now.
CUT_OFF = (
    postgresql.IdleInTransactionSessionTimeout,
    postgresql.TransactionTimeout,
    postgresql.ReadOnlySqlTransaction,
)

# The first row that fits decides; particular kinds stand above their parents.
TOLD: tuple[tuple[type[BaseException], Callable[[Any], Problem]], ...] = (
    (drf.ValidationError, _validation),
    (drf.ParseError, _parse_error),
    (drf.NotAuthenticated, _unauthenticated),
    (drf.AuthenticationFailed, _unauthenticated),
    (drf.PermissionDenied, _forbidden),
    (drf.Throttled, _throttled),
    (drf.NotFound, _absent),
    (drf.APIException, _other),
    (Http404, _absent),
    (django_errors.PermissionDenied, _not_permitted),
    (django_errors.ValidationError, _model_validation),
    (django_errors.RequestDataTooBig, _too_large),
    (django_errors.SuspiciousOperation, _suspicious),
    (UnreadablePostError, _cut_short),
    (OperationalError, database_unreachable),
    (InterfaceError, database_unreachable),
    # From below Django, where nothing wraps them: the pool, and what happens around BEGIN.
    (psycopg.OperationalError, database_unreachable),
    (psycopg.InterfaceError, database_unreachable),
    *((kind, database_unreachable) for kind in CUT_OFF),
)
