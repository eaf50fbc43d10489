"""What kind of thing a tree of files is, and so how it would be built and started; pure."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from deployments.targets.contract import Kind, Recipe

Read = Callable[[str], bytes]
MOST_LOOKED_AT = 100_000  # bytes of a file
PYTHON_LISTS = ("requirements.txt", "pyproject.toml", "Pipfile")
STARTS = ("app.py", "main.py", "server.py", "wsgi.py", "asgi.py")
NODE_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
NODE_STARTS = ("server.js", "app.js", "index.js", "server.mjs")
PLAIN_NODE = re.compile(r"node [\w./-]+")
VARIABLE = re.compile(
    r"^(app|application|api|server)\s*(?::[^=]+)?=\s*(Flask|FastAPI|Starlette)\(", re.MULTILINE
)
SETTINGS = re.compile(r"['\"]DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)\.settings['\"]")


def guessed(paths: Iterable[str], read: Read) -> Recipe | None:
    """Return a recipe for these files, None where nothing shows what they are. `read` returns one file."""
    names = frozenset(paths)
    for guess in (_node, _django, _python, _static):
        if found := guess(names, read):
            return found
    return None


def _node(names: frozenset[str], read: Read) -> Recipe | None:
    if "package.json" not in names:
        return None
    package = _package(read)
    told = package.get("scripts")
    scripts: dict[str, Any] = told if isinstance(told, dict) else {}
    fetches = bool(package.get("dependencies")) and bool(names & set(NODE_LOCKS))
    build = " && ".join((["npm ci"] if fetches else []) + (["npm run build"] if "build" in scripts else []))
    start = str(scripts.get("start", ""))
    if start:
        return Recipe(
            Kind.WEB, "node", build=build, start=start if PLAIN_NODE.fullmatch(start) else "npm start"
        )
    if file := next((name for name in NODE_STARTS if name in names), ""):
        return Recipe(Kind.WEB, "node", build=build, start=f"node {file}")
    return Recipe(Kind.STATIC, "node", build=build, publish="dist") if "build" in scripts else None


def _django(names: frozenset[str], read: Read) -> Recipe | None:
    if "manage.py" not in names or not (found := SETTINGS.search(_text("manage.py", read))):
        return None
    start = f"gunicorn --bind 127.0.0.1:$PORT {found[1]}.wsgi"
    return (
        Recipe(Kind.WEB, "python", start=start) if f"{found[1].replace('.', '/')}/wsgi.py" in names else None
    )


def _python(names: frozenset[str], read: Read) -> Recipe | None:
    for name in STARTS:
        if name not in names:
            continue
        if found := VARIABLE.search(_text(name, read)):
            module = f"{name.removesuffix('.py')}:{found[1]}"
            server = (
                "gunicorn --bind 127.0.0.1:$PORT"
                if found[2] == "Flask"
                else "uvicorn --host 127.0.0.1 --port $PORT"
            )
            return Recipe(Kind.WEB, "python", start=f"{server} {module}")
    plain = next((name for name in STARTS if name in names), "")
    if plain and names & set(PYTHON_LISTS):
        return Recipe(Kind.WEB, "python", start=f"python {plain}")
    return None


def _static(names: frozenset[str], read: Read) -> Recipe | None:
    del read  # the names say it all
    folder = next(
        (one for one in ("", "public", "dist", "site") if f"{one}/index.html".lstrip("/") in names), None
    )
    return None if folder is None else Recipe(Kind.STATIC, publish=folder)


def _package(read: Read) -> dict[str, Any]:
    try:
        package = json.loads(_text("package.json", read))
    except (ValueError, RecursionError):
        return {}
    return package if isinstance(package, dict) else {}


def _text(name: str, read: Read) -> str:
    return read(name)[:MOST_LOOKED_AT].decode(errors="replace")
