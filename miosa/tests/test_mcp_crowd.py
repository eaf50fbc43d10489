"""A hundred calls of MCP at once, by the official client, some of whose callers hang up: no answer is lost or another's."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from django_tenants.utils import tenant_context
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents import submission
from agents.models import Execution
from miosa.embedded.processes import until
from miosa.testing.web_process import web_process
from miosa.tests.test_mcp_server import key_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
SESSIONS, EACH, MANY = 20, 5, 100
HELD = {"01", "08"}  # ESTABLISHED and CLOSE_WAIT, as the kernel writes them


@pytest.fixture
def port(tmp_path, tenant):
    with web_process(tmp_path / "web.log") as port:
        yield port


class Customer:
    """One tenant, its key, and an execution of its own; calls know which answers are right."""

    def __init__(self, port, tenant):
        self.url, self.tenant, self.key = f"http://127.0.0.1:{port}/mcp", tenant, key_of(tenant)
        with tenant_context(tenant):
            self.execution = str(submission.submit(f"Read for {tenant.slug}", requested_by="user:1").pk)

    async def visit(self, doing):
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=120) as http:
            async with Client(streamable_http_client(self.url, http_client=http)) as client:
                return await doing(client)

    async def call(self, client, number):
        """Hand in a task, read, or wait, by turns; return the request that the answer is of."""
        named = {"execution_id": self.execution}
        asked = (
            ("submit_task", {"request": f"Say {self.tenant.slug} {number}"}),
            ("execution", named),
            ("wait_for_execution", named | {"timeout_s": 1}),
        )[number % 3]
        answer = await client.call_tool(*asked)
        assert not answer.is_error, answer.content
        return asked[1].get("request", f"Read for {self.tenant.slug}"), answer.structured_content["request"]

    async def session(self, client, *, hang_up):
        assert len((await client.list_tools()).tools) == 16
        calls = [asyncio.ensure_future(self.call(client, number)) for number in range(EACH)]
        if hang_up:
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            for call in calls:
                call.cancel()
        return [one for one in await asyncio.gather(*calls, return_exceptions=True) if not _left(one)]


def _left(told):
    return isinstance(told, asyncio.CancelledError)


def held(port):
    """Return how many connections the kernel still holds at this port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] in HELD for row in rows)


def test_a_crowd_of_two_tenants_is_served_while_half_of_it_hangs_up(port, tenant, other_tenant):
    """Every answer is the one that was asked for, every task is its tenant's, and no connection is left."""
    customers = [Customer(port, one) for one in (tenant, other_tenant)]

    async def crowd():
        visits = [
            customers[n % 2].visit(
                lambda client, c=customers[n % 2], h=n % 4 >= 2: c.session(client, hang_up=h)
            )
            for n in range(SESSIONS)
        ]
        return await asyncio.gather(*visits)

    told = asyncio.run(crowd())
    assert all(asked == answered for session in told for asked, answered in session)
    assert [len(session) for n, session in enumerate(told) if n % 4 < 2] == [EACH] * (SESSIONS // 2)
    assert until(lambda: held(port) == 0, timeout_s=30)
    for customer in customers:
        with tenant_context(customer.tenant):
            made = Execution.objects.exclude(pk=customer.execution).values_list("request", flat=True)
            assert len(made) >= SESSIONS // 4 * 2
            assert all(request.startswith(f"Say {customer.tenant.slug} ") for request in made)


def test_one_session_has_a_hundred_calls_in_flight(port, tenant):
    """Each is answered, also while a hundred wait; whoever comes by meanwhile is served."""
    customer = Customer(port, tenant)

    async def many(client):
        calls = [asyncio.ensure_future(customer.call(client, number)) for number in range(MANY)]
        async with httpx2.AsyncClient(timeout=60) as http:
            passing = await http.get(customer.url.replace("/mcp", "/healthz"))
        return passing.status_code, await asyncio.gather(*calls)

    passing, told = asyncio.run(customer.visit(many))
    assert (passing, len(told), all(asked == answered for asked, answered in told)) == (200, MANY, True)
    assert Execution.objects.count() == 1 + len(range(0, MANY, 3))
