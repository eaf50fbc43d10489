"""One request id in the response, in the logs and nowhere else."""

import asyncio
import logging
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from miosa.http.request_id import HEADER, RequestIdFilter, RequestIdMiddleware, current_request_id

requests = RequestFactory()


def served(**headers):
    """The id inside the view and the id in the response."""
    inside = []

    def view(request):
        inside.append(current_request_id())
        return HttpResponse()

    response = RequestIdMiddleware(view)(requests.get("/", headers=headers))
    return inside[0], response[HEADER]


def test_a_sane_id_of_the_caller_is_kept():
    """Callers find their own id in our logs."""
    assert served(**{HEADER: "order-7.a_B"}) == ("order-7.a_B", "order-7.a_B")


@pytest.mark.parametrize("incoming", ["", "a b", "x" * 65, "-starts-badly", "æ", "a\nb"])
def test_other_ids_are_replaced(incoming):
    """What could break a log line or a header never gets into one."""
    inside, outside = served(**{HEADER: incoming})
    assert inside == outside != incoming
    assert len(inside) == 32


def test_each_request_has_another_id():
    """Two requests never share a made-up id."""
    assert served() != served()


def test_the_id_ends_with_the_request():
    """The next request of this thread does not inherit it, even after an error."""
    with pytest.raises(ZeroDivisionError):
        RequestIdMiddleware(lambda _request: 1 / 0)(requests.get("/"))
    assert current_request_id() == ""


def test_async_views_have_it_too():
    """Under ASGI the middleware is a coroutine and the id follows the task."""
    inside = []

    async def view(request):
        await asyncio.sleep(0)
        inside.append(current_request_id())
        return HttpResponse()

    async def two():
        middleware = RequestIdMiddleware(view)
        named = [requests.get("/", headers={HEADER: name}) for name in ("one", "two")]
        return await asyncio.gather(*(middleware(request) for request in named))

    assert [response[HEADER] for response in asyncio.run(two())] == ["one", "two"]
    assert sorted(inside) == ["one", "two"]


def filtered(**extra):
    record = logging.makeLogRecord(extra)
    assert RequestIdFilter().filter(record)
    return vars(record)["request_id"]


def test_log_records_carry_the_id():
    """Inside a request its id, outside a dash; a record with a request has that request's id."""
    response = RequestIdMiddleware(lambda _request: HttpResponse(filtered()))(
        requests.get("/", headers={HEADER: "abc"})
    )
    late = SimpleNamespace(request_id="late")
    assert (response.content, filtered(), filtered(request=late)) == (b"abc", "-", "late")
