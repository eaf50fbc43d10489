"""The deciding core runs without Django, DRF, httpx and Celery."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = (
    "router scoreboard scoring.weights snapshot catalog catalog_file requirement messages choice constraints thompson rules"
    " known compiled selections beliefs shift verdict prompts.fitting prompts.stored offpolicy.what_if reliability.success"
)


def test_importing_the_core_loads_none_of_the_forbidden():
    """A fresh interpreter that imports the whole core has none of the heavy packages in memory."""
    code = (
        f"import sys, importlib\n[importlib.import_module('routing.' + name) for name in {CORE.split()}]\n"
        "heavy = {'django', 'rest_framework', 'httpx', 'celery', 'routing.models'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
