"""A real smart-HTTP git server on loopback, which can ask for a password, hang, move away, or send what it is told to."""

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

USER, TOKEN = "bot", "tok_3f9a77c1d2"
PLAIN, RUNS, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


@dataclass
class GitServer:
    """`private`: it wants USER and TOKEN. `instead`: answers a request itself. `asked`: what it was asked for."""

    url: str
    repo: Repo
    private: bool = False
    instead: Callable[[dict[str, Any], Any], list[bytes] | None] | None = None
    asked: list[str] = field(default_factory=list)

    def commit(self, entries: dict[str, tuple[int, bytes]], *, branch: str = "main") -> str:
        """Put a commit with these entries (mode and content by name) onto a branch."""
        tree = Tree()
        for name, (mode, content) in entries.items():
            tree.add(name.encode(), mode, self._stored(mode, content))
        return self.commit_tree(tree, branch=branch)

    def commit_tree(self, tree: Tree, *, branch: str = "main") -> str:
        """Put a commit of a tree onto a branch."""
        ref = Ref(f"refs/heads/{branch}".encode())
        made = Commit()
        made.tree, made.message = tree.id, b"made by a test\n"
        made.author = made.committer = b"A Test <test@example.org>"
        made.author_time = made.commit_time = int(time.time())
        made.author_timezone = made.commit_timezone = 0
        head = self.repo.refs.read_ref(ref)
        made.parents = [ObjectID(head)] if head else []
        for one in (tree, made):
            self.repo.object_store.add_object(one)
        self.repo.refs[ref] = made.id
        return made.id.decode()

    def _stored(self, mode: int, content: bytes) -> ObjectID:
        if mode == SUBMODULE:
            return ObjectID(content)
        blob = Blob.from_string(content)
        self.repo.object_store.add_object(blob)
        return blob.id


@contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    """Serve a bare repository at /code.git."""
    folder.mkdir(parents=True)
    repo = Repo.init_bare(str(folder))
    repo.refs.set_symbolic_ref(b"HEAD", b"refs/heads/main")
    git = make_wsgi_chain(DictBackend({"/code.git": repo}))
    made = GitServer("", repo)
    opened = f"Basic {b64encode(f'{USER}:{TOKEN}'.encode()).decode()}"

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        made.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if made.instead and (answer := made.instead(environ, start_response)) is not None:
            return answer
        if made.private and environ.get("HTTP_AUTHORIZATION") != opened:
            start_response("401 Unauthorized", [("WWW-Authenticate", "Basic"), ("Content-Length", "0")])
            return [b""]
        return git(environ, start_response)

    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    made.url = f"http://127.0.0.1:{server.server_port}/code.git"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        repo.close()
