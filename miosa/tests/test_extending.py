"""The listings of docs/extending.md are tried as they stand: one file, one line, and the new thing is there."""

import re
import shutil
import subprocess
import sys

import pytest

from miosa.environment import ROOT

GUIDE = (ROOT / "docs" / "extending.md").read_text()
TREES = ("agents", "routing", "billing", "tenants", "deployments", "miosa")

AGENT = """
from agents.contract import Reply, Task
from agents.registry_kinds import PROFILES, AgentKind
from agents.roster import ROSTER
class Bench:
    def ask(self, prompt, **_):
        return Reply(text="Il y a 3 chats")
result = ROSTER["translator"].execute(Task("1", "There are 3 cats"), Bench())
assert PROFILES["translator"].prompt_version and AgentKind("translator")
assert result.success and result.evidence[0].passed
"""
PROVIDER = """
from routing.catalog_file import catalog
from routing.providers.connected import connect
assert set(connect(catalog(), {"ACME_API_KEY": "k"})) == {"acme"}
assert connect(catalog(), {"ACME_API_KEY": "k"})["acme"].base_url == "https://acme.example/v1"
"""
NODE = """
import math
from routing.catalog_file import catalog
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard
choice = decide(Scoreboard(catalog(), providers={"groq"}), Requirement("chat"))
names = [node.name for node in choice.ranked[0].nodes]
assert names[-1] == "Brevity", names
assert math.isclose(math.fsum(node.weight for node in choice.ranked[0].nodes), 1)
"""

TARGET = """
import os, django, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "miosa.settings"
django.setup()
from pathlib import Path
from deployments.lifecycle.reaching import target_named
from deployments.targets.contract import Kind, Phase, Place, Recipe, Spec
from deployments.targets.folder import FolderTarget
class Files:
    checksum = "a" * 64
    def __init__(self, text): self.text = text
    def paths(self): return {"public/index.html": 1}
    def read(self, path): return self.text
assert isinstance(target_named("folder"), FolderTarget)
root = Path("sites").resolve(); root.mkdir()
target, place = FolderTarget(root), Place("t", "s", "miosa-acme-shop-1")
spec = Spec(place, Recipe(Kind.STATIC, publish="public"), Files(b"one"))
first = target.apply(spec, key="one")
assert target.apply(spec, key="one") == first == target.find(place, key="one")
second = target.apply(Spec(place, spec.recipe, Files(b"two")), key="two")
page = root / place.name / "current" / "index.html"
assert page.read_bytes() == b"two" and target.status(second).phase is Phase.LIVE
target.rollback(first, spec, key="three")
assert page.read_bytes() == b"one"
"""


@pytest.fixture
def copy(tmp_path):
    """The product's code in a folder that may be changed."""
    for tree in TREES:
        shutil.copytree(ROOT / tree, tmp_path / tree, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    return tmp_path


def listing(path):
    """The code block that follows a file's name in the guide."""
    match = re.search(rf"`{re.escape(path)}`:\n\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert match, path
    return match[1]


def changed(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def tried(copy, script):
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=copy, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_an_agent(copy):
    """A file in the roster and its line in ROSTER: it has a kind, a prompt version, and works."""
    path = "agents/roster/translator.py"
    (copy / path).write_text(listing(path))
    table = copy / "agents" / "roster" / "__init__.py"
    changed(table, "    strategy,\n)\n\nROSTER", "    strategy,\n    translator,\n)\n\nROSTER")
    assert "`translator,`" in GUIDE
    changed(table, "        ai_providers,\n    )", "        ai_providers,\n        translator,\n    )")
    tried(copy, AGENT)


def test_a_provider(copy):
    """A file and its line in PROVIDERS; the rest are rows of the catalogue."""
    path = "routing/providers/acme.py"
    (copy / path).write_text(listing(path))
    table = copy / "routing" / "providers" / "__init__.py"
    changed(table, "OpenAICompatible, Anthropic)", "OpenAICompatible, Anthropic, Acme)")
    text = table.read_text()
    table.write_text(text.replace("from routing", "from routing.providers.acme import Acme\nfrom routing", 1))
    rows = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert rows
    changed(
        copy / "routing" / "catalog.toml",
        '[[providers]]\nname = "local"',
        f'{rows[1]}\n[[providers]]\nname = "local"',
    )
    tried(copy, PROVIDER)


def test_a_scoring_node(copy):
    """A file and its row in NODES: the weights of every mode still sum to 1."""
    path = "routing/scoring/brevity.py"
    (copy / path).write_text(listing(path))
    row = re.search(r'`(Node\("Brevity".*?),`', GUIDE)
    assert row
    table = copy / "routing" / "scoring" / "weights.py"
    changed(table, "learned=True),\n)\n# fmt: on", f"learned=True),\n    {row[1]},\n)\n# fmt: on")
    changed(
        table,
        "from routing.scoring.confidence",
        "from routing.scoring.brevity import brevity\nfrom routing.scoring.confidence",
    )
    tried(copy, NODE)


def test_a_deployment_target(copy):
    """A file and its line in TARGETS: it is found by name, deploys once for a key, and goes back."""
    path = "deployments/targets/folder.py"
    (copy / path).write_text(listing(path))
    table = copy / "deployments" / "targets" / "registry.py"
    assert '`"folder": FolderTarget,`' in GUIDE
    changed(table, '    "local": local,\n', '    "local": local,\n    "folder": FolderTarget,\n')
    changed(
        table,
        "from deployments.targets.contract import DeployTarget\n",
        "from deployments.targets.contract import DeployTarget\nfrom deployments.targets.folder import FolderTarget\n",
    )
    tried(copy, TARGET)
