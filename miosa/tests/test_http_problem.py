"""Problems say what RFC 9457 asks for, and survive the ways exceptions travel."""

import pickle

import pytest

from miosa.http import problem


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        (problem.BadRequest, 400, "Bad Request"),
        (problem.Unauthenticated, 401, "Unauthorized"),
        (problem.PaymentRequired, 402, "Payment Required"),
        (problem.Forbidden, 403, "Forbidden"),
        (problem.NotFound, 404, "Not Found"),
        (problem.Conflict, 409, "Conflict"),
        (problem.Unprocessable, 422, "Unprocessable Entity"),
        (problem.TooManyRequests, 429, "Too Many Requests"),
        (problem.Unavailable, 503, "Service Unavailable"),
    ],
)
def test_each_kind_has_its_status_and_title(kind, status, title):
    """The class alone decides status and title."""
    document = kind("Why.").document()
    assert (document["status"], document["title"], document["detail"]) == (status, title, "Why.")
    assert document["type"] == "about:blank"


def test_a_subclass_states_only_what_differs():
    """An app's own problem is a class with a type and a title."""

    class QuotaExceeded(problem.PaymentRequired):
        type = "urn:miosa:problem:quota-exceeded"
        title = "Quota exceeded"

    told = QuotaExceeded("Nothing left.", extensions={"left_micros": 0, "status": 200})
    assert told.document() == {
        "type": "urn:miosa:problem:quota-exceeded",
        "title": "Quota exceeded",
        "status": 402,
        "detail": "Nothing left.",
        "left_micros": 0,
    }


def test_who_may_retry_is_told_when():
    """429 and 503 are retryable, in whole seconds and never at once."""
    limited, away = problem.TooManyRequests(retry_after_s=1.2), problem.Unavailable(retry_after_s=0)
    assert (limited.headers["Retry-After"], away.headers["Retry-After"]) == ("2", "1")
    assert limited.retryable
    assert away.retryable
    assert not problem.Conflict("x").retryable


def test_unauthenticated_names_the_scheme():
    """A 401 carries the challenge that HTTP requires."""
    assert problem.Unauthenticated().headers == {"WWW-Authenticate": "Bearer"}


def test_pointers_escape_what_json_pointers_reserve():
    """RFC 6901: `~` and `/` in a name are written ~0 and ~1; the empty path is the whole payload."""
    assert problem.pointer("a/b", 0, "m~n") == "/a~1b/0/m~0n"
    assert problem.invalid("No.") == {"pointer": "", "detail": "No."}


@pytest.mark.parametrize(
    "told",
    [
        problem.Problem("Teapot.", status=418, title="Short and stout", headers={"X-Tea": "1"}),
        problem.TooManyRequests("Slowly.", retry_after_s=7),
        problem.Unprocessable(errors=[problem.invalid("No.", "name")]),
        problem.BadParameter("No.", parameter="limit"),
    ],
)
def test_problems_travel_between_processes(told):
    """A worker pickles what a task raised: nothing of it gets lost."""
    copy = pickle.loads(pickle.dumps(told))
    assert (type(copy), copy.document(), copy.headers) == (type(told), told.document(), told.headers)
