"""The sites' side: which deployment answers a request, and how."""

import asyncio
import time

from deployments.hosting import pages
from deployments.hosting.addresses import label_of
from deployments.hosting.file_answers import FileAnswers
from deployments.hosting.finding import Found, find
from deployments.hosting.host import Host
from deployments.hosting.pages import Page
from deployments.hosting.protection import Form, Headers, protect
from deployments.hosting.proxy import forward
from deployments.hosting.records import Deployed
from deployments.hosting.site import Site
from deployments.hosting.tunnel import open_tunnel
from deployments.hosting.wire import Receive, Scope, Send, answer, answer_page

ALWAYS, NEVER = b"always", b"never"


class Front:
    """The ASGI application of the sites' socket."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers = FileAnswers(host.files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        host = _host_of(scope)
        found = find(self._host, host, scope["path"], scope["raw_path"], now=time.time())
        form = found.form if isinstance(found, Found) else Form.PATH
        protection = protect(form, host=host)
        if isinstance(found, Page):
            await answer_page(send, found, protection, head=scope["method"] == "HEAD")
            return
        sent = await self._answer(scope, receive, send, found, host, protection)
        if not self._host.is_look(scope["headers"]):
            self._count(found.site, sent)

    async def tunnel(self, scope: Scope, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand a connection that is to become a web socket over to an app."""
        host = _host_of(scope)
        found = find(self._host, host, scope["path"], scope["raw_path"], now=time.time())
        chosen = self.chosen(found, scope) if isinstance(found, Found) and found.path else None
        if isinstance(found, Page) or not isinstance(chosen, Deployed) or chosen.recipe.is_static:
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            return
        sent = await open_tunnel(self._host, scope, reader, writer, found=found, deployed=chosen)
        self._count(found.site, sent)

    def _count(self, site: Site, sent: int) -> None:
        if sent:
            key = (site.record.tenant_id, site.record.service_id)
            self._host.usage.add(key, egress_bytes=sent)

    def chosen(self, found: Found, scope: Scope) -> Deployed | Page:
        """Return the deployment that answers, or the page that says why none does."""
        site = found.site
        if site.record.suspended:
            return pages.SUSPENDED
        if found.variant:
            wanted = site.by_variant(found.variant)
            return site.deployed[wanted] if wanted and site.is_ready(wanted) else pages.NO_SITE
        return site.deployed.get(_by_share(site, scope)) or pages.NOTHING_LIVE

    async def _answer(  # noqa: PLR0917  (ASGI's three, and what was found)
        self, scope: Scope, receive: Receive, send: Send, found: Found, host: bytes, protection: Headers
    ) -> int:
        if found.form is Form.PATH and not found.path:
            location = [(b"location", found.prefix.encode()), (b"content-length", b"0")]
            return await answer(send, 308, [*location, *protection])
        if elsewhere := self._own_host(scope, found, host):
            moved = [(b"location", elsewhere), (b"content-length", b"0"), (b"cache-control", b"no-store")]
            return await answer(send, 307, [*moved, *protection])
        chosen = self.chosen(found, scope)
        if isinstance(chosen, Page):
            return await answer_page(send, chosen, protection, head=scope["method"] == "HEAD")
        site = found.site
        if chosen.recipe.is_static:
            one_page = bool(site.record.settings.get("one_page"))
            return await self._answers.serve(
                scope,
                send,
                folder=site.folder_of(chosen),
                prefix=found.prefix,
                path=found.path,
                protection=protection,
                one_page=one_page,
            )
        return await forward(
            self._host, scope, receive, send, found=found, deployed=chosen, protection=protection
        )

    def _own_host(self, scope: Scope, found: Found, host: bytes) -> bytes | None:
        """A browser that opens a page in path form is sent to the host form, where absolute links work.

        Only on this machine, where every name below `localhost` leads here; programs and frames stay where they are.
        """
        local = host.partition(b":")[0] in {b"127.0.0.1", b"localhost"} and self._host.options.is_local
        if found.form is not Form.PATH or not local or not found.claim or scope["method"] != "GET":
            return None
        asked = dict(scope["headers"])
        navigates = (
            asked.get(b"sec-fetch-mode") == b"navigate" and asked.get(b"sec-fetch-dest") == b"document"
        )
        if not navigates or found.site.record.settings.get("address") == "path":
            return None
        label = label_of(
            self._host.key, site=found.site.id, variant=found.variant, until=int(found.claim.expiry, 36)
        )
        port = host.partition(b":")[2]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        return b"http://%s.localhost%s%s%s" % (
            label.encode(),
            b":" + port if port else b"",
            found.raw_path,
            query,
        )


def _by_share(site: Site, scope: Scope) -> str:
    """A client is known by its address and program; it may also ask for the candidate, or for what is live."""
    if not site.record.percent:
        return site.current
    asked = dict(scope["headers"])
    wish = asked.get(b"x-canary", b"").lower()
    if wish in {ALWAYS, NEVER}:
        return site.record.candidate if wish == ALWAYS else site.current
    client = (scope.get("client") or ("",))[0]
    return site.choose(f"{client}\n{asked.get(b'user-agent', b'').decode('latin-1')}")


def _host_of(scope: Scope) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == b"host"), b"")
