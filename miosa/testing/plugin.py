"""pytest plugin: every test runs on real servers, as the application's own database login.

Loaded before Django reads its settings: it starts what the environment does not name, in a state
folder of its own, and hides providers' keys so that no test can spend money unless it is marked live.
"""

import os

import pytest

from miosa.embedded import services
from miosa.environment import ROOT, environment, export, read

HIDDEN = ("GROQ_API_KEY", "KIMI_API_KEY", "E2B_API_KEY", "RENDER_API_KEY", "STRIPE_SECRET_KEY")
LIVE = {name: os.environ.get(name, "") for name in HIDDEN}

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "miosa.settings")
os.environ.setdefault("MIOSA_STATE", str(ROOT / ".miosa" / "tests"))
os.environ.update(dict.fromkeys(HIDDEN, ""))
export(services.ensure(read(), need={"database", "broker"}))
os.environ["MIOSA_DATABASE_LOGIN"] = "owner"  # who builds the test database

pytest_plugins = ["miosa.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Register after pytest-django, whose `django_db_setup` ours replaces."""
    from miosa.testing import database

    config.pluginmanager.register(database, "miosa-database")


@pytest.fixture
def live_key(request: pytest.FixtureRequest) -> str:
    """The key named by the test's `live` mark; the test is skipped, naming the variable, where it is empty."""
    mark = request.node.get_closest_marker("live")
    name = mark.args[0] if mark else ""
    if not LIVE.get(name):
        pytest.skip(f"needs {name}")
    return LIVE[name]


assert environment().database_url, "the plugin filled the environment"
