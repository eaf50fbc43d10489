"""Write a shipping recipe from the artefacts: Dockerfile, compose file and CI workflow, the same for the same artefacts."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from agents.text.code import imports, parse

BASE_IMAGE = "python:3.11-slim"
# Import name -> (package on the index, command that serves it, port); "{module}" is the module that makes the app.
FRAMEWORKS: Mapping[str, tuple[str, str, int]] = {
    "fastapi": (
        "fastapi uvicorn",
        '["uvicorn", "{module}:app", "--host", "0.0.0.0", "--port", "{port}"]',
        8000,
    ),
    "flask": ("flask gunicorn", '["gunicorn", "--bind", "0.0.0.0:{port}", "{module}:app"]', 8000),
    "django": ("django gunicorn", '["gunicorn", "--bind", "0.0.0.0:{port}", "{module}.wsgi"]', 8000),
    "streamlit": ("streamlit", '["streamlit", "run", "{module}.py", "--server.port", "{port}"]', 8501),
}
_PACKAGES: Mapping[str, str] = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "sklearn": "scikit-learn",
    "dotenv": "python-dotenv",
    "psycopg2": "psycopg2-binary",
}
_STORES: Mapping[str, tuple[str, str]] = {
    "postgres": ("postgres:16", "/var/lib/postgresql/data"),
    "redis": ("redis:7", "/data"),
    "mysql": ("mysql:8.4", "/var/lib/mysql"),
    "mongo": ("mongo:7", "/data/db"),
}
_PORT = re.compile(r"\bport\s*:?\s*(\d{2,5})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Cargo:
    """What there is to ship; `serves` is the framework, "" where it is a module to be run or imported."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    packages: tuple[str, ...]
    serves: str
    port: int
    stores: tuple[str, ...]

    @property
    def entry(self) -> str:
        """The module that is started."""
        return next(
            (name for name in ("app", "main", "server") if name in self.modules),
            self.modules[0] if self.modules else "app",
        )


def cargo_of(files: Mapping[str, str], wanted: str) -> Cargo:
    """Read modules, tests, packages and port off the files, and the stores off the request."""
    python = {
        name.removesuffix(".py"): parse(text)[0] for name, text in files.items() if name.endswith(".py")
    }
    tests = tuple(name for name in python if name.startswith("test_"))
    modules = tuple(name for name in python if not name.startswith("test_"))
    used = {name for tree in python.values() if tree for name in imports(tree)}
    foreign = sorted(used - set(sys.stdlib_module_names) - set(python))
    serves = next(
        (
            name
            for name in FRAMEWORKS
            if name in foreign or (not files and re.search(rf"\b{name}\b", wanted, re.IGNORECASE))
        ),
        "",
    )
    packages = [
        *(FRAMEWORKS[serves][0].split() if serves else []),
        *(_PACKAGES.get(name, name) for name in foreign if name != serves),
    ]
    told = _PORT.search(wanted)
    port = int(told[1]) if told else FRAMEWORKS[serves][2] if serves else 0
    stores = tuple(name for name in _STORES if re.search(rf"\b{name}\w*", wanted, re.IGNORECASE))
    return Cargo(modules, tests, tuple(dict.fromkeys(packages)), serves, port, stores)


def recipe(cargo: Cargo) -> dict[str, str]:
    """Return the files of the recipe by path."""
    files = {
        "Dockerfile": _dockerfile(cargo),
        "compose.yaml": _compose(cargo),
        ".github/workflows/ci.yaml": _workflow(cargo),
        ".dockerignore": ".git\n.env\n__pycache__\n",
    }
    if cargo.packages:
        files["requirements.txt"] = "\n".join(cargo.packages) + "\n"
    return files


def _command(cargo: Cargo) -> str:
    if cargo.serves:
        return FRAMEWORKS[cargo.serves][1].replace("{module}", cargo.entry).replace("{port}", str(cargo.port))
    return f'["python", "-m", "{cargo.entry}"]'


def _dockerfile(cargo: Cargo) -> str:
    copied = " ".join(f"{name}.py" for name in cargo.modules) or "."
    lines = [f"FROM {BASE_IMAGE}", "WORKDIR /app", "ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1"]
    if cargo.packages:
        lines += ["COPY requirements.txt ./", "RUN pip install --no-cache-dir -r requirements.txt"]
    lines += [f"COPY {copied} ./", "RUN useradd --system --no-create-home app", "USER app"]
    if cargo.port:
        probe = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{cargo.port}/', timeout=3)"
        lines += [
            f"EXPOSE {cargo.port}",
            f'HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "{probe}"]',
        ]
    return "\n".join([*lines, f"CMD {_command(cargo)}"]) + "\n"


def _compose(cargo: Cargo) -> str:
    lines = [
        "services:",
        "  app:",
        "    build: .",
        "    init: true",
        "    read_only: true",
        "    restart: unless-stopped",
    ]
    if cargo.port:
        lines += ["    ports:", f'      - "127.0.0.1:{cargo.port}:{cargo.port}"']
    if cargo.stores:
        lines += ["    depends_on:", *(f"      - {name}" for name in cargo.stores)]
    for name in cargo.stores:
        image, path = _STORES[name]
        lines += [
            f"  {name}:",
            f"    image: {image}",
            "    env_file: .env",
            "    volumes:",
            f"      - {name}:{path}",
        ]
    lines += ["volumes:", *(f"  {name}: {{}}" for name in cargo.stores)] if cargo.stores else []
    return "\n".join(lines) + "\n"


def _workflow(cargo: Cargo) -> str:
    lines = [
        "name: ci",
        '"on": [push, pull_request]',
        "jobs:",
        "  test:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: actions/checkout@v4",
    ]
    lines += ["      - uses: actions/setup-python@v5", "        with:", '          python-version: "3.11"']
    lines += ["      - run: pip install -r requirements.txt"] if cargo.packages else []
    lines += (
        [f"      - run: python -m unittest {' '.join(cargo.tests)}"]
        if cargo.tests
        else [f"      - run: python -m py_compile {' '.join(f'{name}.py' for name in cargo.modules)}"]
        if cargo.modules
        else []
    )
    return "\n".join([*lines, "      - run: docker build --tag app ."]) + "\n"


def watch_list(made: Mapping[str, object], port: int | None) -> list[str]:
    """Return the lines that say what to watch once a recipe is released; each follows from it."""
    stores = re.findall(r"^  (\w+):\n    image:", str(made.get("compose.yaml", "")), re.MULTILINE)
    return [
        "",
        "**To watch once it is released**",
        "- the container restarts: more than once an hour is a fault (`docker inspect --format '{{.RestartCount}}'`)",
        f"- port {port} answers: the recipe's own HEALTHCHECK, every 30 s"
        if port
        else "- it is no server: watch its exit code, 0 is well",
        *(f"- {store}: disk use of its volume, connections" for store in stores),
    ]
