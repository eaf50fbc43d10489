"""The house keeps its own rules: sizes, names and places, read from the files themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("miosa", "agents", "routing", "billing", "deployments", "tenants")
FOLDERS = (*APPS, "docs", "benchmarks", ".ci")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".ini", ".html", ".css", ".js", ".json", ".sh", ".in", ""}

MOST_LINES = 250
EMPTY = ("miosa/__init__.py", "routing/__init__.py")
NO_IDEA = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "manager",
    "service",
    "core",
    "lib",
}
NO_CLASS = re.compile(r"^(Base|Abstract)[A-Z]|(Manager|Service|Helper|Util|Utils|Processor|Handler)$")
NO_FUNCTION = re.compile(r"^(get|process|do|perform)_|^(handle_data|main_loop)$")

# Names that a framework chose, with the reason they stay.
FRAMEWORKS_FILES = {
    "miosa/pg/base.py": "Django looks for a database engine's DatabaseWrapper in `base`",
    "deployments/models/service.py": "where hosts speak of what runs, a service is the thing itself",
}
FIELDS_WORDS = re.compile(r"^(deployments/|miosa/testing/render_double/).*: (\w+For|Known|Made)?Service$")

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# /home/user is nobody's: the home inside every sandbox, here as in E2B's cloud.
SOMEBODYS_PLACE = re.compile(r"/(?:home|Users)/(?!user\b)\w+|/roo[t]/|[A-Z]:\\Users")
ADDRESS = re.compile(r"\b[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b")
NOBODYS_ADDRESS = re.compile(r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|example|test|invalid|localhost)$")


def files() -> Iterator[Path]:
    """Every text file of the repository, except what machines wrote (pins, state, caches)."""
    for path in (*ROOT.iterdir(), *(inner for folder in FOLDERS for inner in (ROOT / folder).rglob("*"))):
        written = path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts
        if written and path.name not in {".env", ".coverage", "LICENSE"}:
            yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


CODE = sorted(path for path in files() if path.suffix == ".py" and "migrations" not in path.parts)
TEXTS = sorted(files())


def is_test(path: Path) -> bool:
    return "tests" in path.parts


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text()) for path in CODE}


def test_files_hold_one_idea():
    """A file over 250 lines holds more than one (migrations are records, not ideas)."""
    long = {name_of(path): lines for path in CODE if (lines := path.read_text().count("\n")) > MOST_LINES}
    assert long == {}


def test_the_first_line_says_what_a_file_is(trees):
    """One sentence, unless the file is empty."""
    silent = [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_file_names_name_ideas():
    """No drawers for what found no place."""
    drawers = [
        name_of(path)
        for path in CODE
        if {path.stem, path.parent.name} & NO_IDEA and name_of(path) not in FRAMEWORKS_FILES
    ]
    assert drawers == []


def test_class_names_say_what_a_thing_is(trees):
    """Not what pattern it follows; Django's managers and handlers of logging keep their family's name."""
    found = [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and NO_CLASS.search(node.name) and not of_a_framework(node)
    ]
    assert [one for one in found if not FIELDS_WORDS.match(one)] == []


def of_a_framework(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(base).split("[")[0] for base in node.bases}
    return any(base.split(".")[-1].endswith(("Manager", "Handler")) for base in bases)


def test_function_names_are_verbs_of_the_house(trees):
    """`get_` and `process_` say nothing; methods may have them where a framework calls them so."""
    found = [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and NO_FUNCTION.search(node.name)
    ]
    assert found == []


def test_tests_say_what_they_prove(trees):
    """Each test has one sentence with the fact it proves."""
    silent = [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        if "/tests/" in name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_tests_replace_nothing_of_ours(trees):
    """Doubles stand at the seams; patched code proves nothing about the code."""
    patched = [
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import) and "mock" in ast.unparse(node).split()[1].split(".")
    ]
    assert patched == []


@pytest.mark.parametrize("name", EMPTY)
def test_what_lies_below_pulls_nothing_in(name):
    """These two stay empty: importing a part of them must not import the rest."""
    assert (ROOT / name).read_text() == ""


@pytest.mark.parametrize(("what", "pattern"), [("unfinished", UNFINISHED), ("a machine", SOMEBODYS_PLACE)])
def test_nothing_is_left_lying_about(what, pattern):
    """No note to finish later, and no folder of somebody's machine."""
    here = Path(__file__)
    found = [
        f"{name_of(path)}: {match.group()} ({what})"
        for path in TEXTS
        if path != here
        for match in pattern.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


def test_no_address_of_a_person():
    """Examples use the domains that are reserved for examples."""
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in TEXTS
        for match in ADDRESS.finditer(path.read_text(errors="replace"))
        if not NOBODYS_ADDRESS.search(match.group()) and not match.group().startswith("git@")
    ]
    assert found == []


def test_each_environment_variable_is_read_in_one_place(trees):
    """`os.environ` belongs to miosa/environment.py, to the entry points and to who starts processes."""
    allowed = (
        "miosa/environment.py",
        "miosa/settings.py",
        "miosa/embedded/",
        "miosa/testing/",
        "miosa/demo/",
        "miosa/management/",
        "routing/front_door/clerk_process.py",
        "benchmarks/doors/",
        "benchmarks/gateway.py",
        "benchmarks/durability.py",
        "benchmarks/jobs.py",
        "benchmarks/durable/",
        "deployments/boxes/inside/",  # a box's own environment, which is made for it
        "agents/verifiers/site_harness.py",  # runs in a box
    )
    entries = {"manage.py", "miosa/asgi.py", "miosa/wsgi.py", "miosa/celery.py"}
    found = {
        name
        for name, tree in trees.items()
        if not name.startswith(allowed) and name not in entries and "/tests/" not in name
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert found == set()
