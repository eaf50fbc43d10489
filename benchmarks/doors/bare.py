"""The least that a proxy in Python costs: Starlette and aiohttp, which pass everything on and look at nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

UPSTREAM = os.environ.get("UPSTREAM", "")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """One session for all."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        app.state.session = session
        yield


async def chat(request: Request) -> Response:
    """Pass a request on, and its answer back."""
    body = await request.body()
    headers = {"content-type": "application/json", "authorization": request.headers.get("authorization", "")}
    response = await request.app.state.session.post(
        f"{UPSTREAM}/chat/completions", data=body, headers=headers
    )
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        return StreamingResponse(poured(response), media_type="text/event-stream")
    return Response(await response.read(), response.status, media_type="application/json")


async def poured(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The pieces as they come."""
    async for piece in response.content.iter_any():
        yield piece
    response.release()


app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])], lifespan=lifespan)
