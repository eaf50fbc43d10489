"""Releases to be written out, and their archives read again."""

import hashlib
import io
import tarfile

from deployments.targets.contract import Kind, Place, Recipe, Spec

SITE = {"index.html": b"<h1>Hello</h1>", "404.html": b"<h1>Gone</h1>", "style.css": b"h1 {color: teal}"}
PYTHON = {
    "app.py": b"print('hello')",
    "requirements.txt": b"flask==3.1.2\n",
    "run.sh": b"#!/bin/sh\nexec python app.py\n",
}
NODE = {"package.json": b"{}", "package-lock.json": b"{}", "server.js": b"require('http')"}


class Files:
    """A release's files, as plain as they come."""

    def __init__(self, files, executable=()):
        self._files = dict(sorted(files.items()))
        self._executable = set(executable)
        self.checksum = hashlib.sha256(repr(self._files).encode()).hexdigest()
        self.size_bytes = sum(map(len, files.values()))

    def paths(self):
        return {path: len(content) for path, content in self._files.items()}

    def read(self, path):
        return self._files[path]

    def tar(self):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, content in self._files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                entry.mode = 0o755 if path in self._executable else 0o644
                archive.addfile(entry, io.BytesIO(content))
        whole = packed.getvalue()
        yield from (whole[at : at + 1000] for at in range(0, len(whole), 1000))


def spec_of(
    recipe, files, *, variables=(), name="miosa-acme-shop-1a2b3c", environment="production", **settings
):
    return Spec(
        place=Place(tenant_id="t", service_id="s", name=name, environment=environment, settings=settings),
        recipe=recipe,
        bundle=files if isinstance(files, Files) else Files(files),
        variables={variable: f"value-of-{variable}" for variable in variables},
        release="7",
    )


SPECS = {
    "static": spec_of(Recipe(kind=Kind.STATIC), SITE, domains=["www.example.com"]),
    "built": spec_of(Recipe(kind=Kind.STATIC, build="npm run build", publish="dist"), NODE),
    "python": spec_of(
        Recipe(kind=Kind.WEB, runtime="python", start="python app.py", health_path="/health"),
        PYTHON,
        variables=["DATABASE_URL", "PORT"],
        replicas=2,
        most_replicas=5,
        domains=["shop.example.com", "*.shop.example.com"],
        issuer="letsencrypt",
        ingress_class="nginx",
        registry="registry.example.com:5000/team",
    ),
    "node": spec_of(Recipe(kind=Kind.PRIVATE, runtime="node", start="node server.js", port=3000), NODE),
    "worker": spec_of(Recipe(kind=Kind.WORKER, runtime="python", start="python app.py"), PYTHON),
    "cron": spec_of(
        Recipe(kind=Kind.CRON, runtime="process", start="./run.sh", schedule="*/5 0-6 * JAN-MAR mon,fri"),
        PYTHON,
        namespace="jobs",
        variables=["TOKEN"],
    ),
    "image": spec_of(
        Recipe(
            kind=Kind.WEB, start="serve $HOME $(id)", port=80, source={"image": "ghcr.io/acme/shop:1.4.2"}
        ),
        {},
        variables=["TOKEN"],
    ),
}


def unpacked(made):
    """The archive as {path: (content, mode)}, read by the standard library."""
    packed = io.BytesIO(b"".join(made.chunks()))
    with tarfile.open(fileobj=packed, mode="r:gz") as archive:
        return {entry.name: (archive.extractfile(entry).read(), entry.mode) for entry in archive.getmembers()}
