"""pytest plugin: every test runs on real servers, as the application's own database login.

Loaded before Django reads its settings: it starts what the environment does not name, in a state
folder of its own, and hides providers' keys so that no test can spend money unless it is marked live.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from miosa.embedded import services
from miosa.environment import ROOT, environment, export, read

HIDDEN = ("GROQ_API_KEY", "KIMI_API_KEY", "E2B_API_KEY", "RENDER_API_KEY", "STRIPE_SECRET_KEY")
RATES = (
    "MIOSA_RATE_ADDRESS",
    "MIOSA_RATE_CREDENTIAL",
    "MIOSA_RATE_GUESSES_BY_ADDRESS",
    "MIOSA_RATE_GUESSES_BY_EMAIL",
    "MIOSA_RATE_ROUTE",
    "MIOSA_RATE_TENANT",
    "MIOSA_RATE_WRITES",
)
LIVE = {name: os.environ.get(name, "") for name in HIDDEN}

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "miosa.settings")
os.environ.setdefault("MIOSA_STATE", str(ROOT / ".miosa" / "tests"))
if WORKER := os.environ.get("PYTEST_XDIST_WORKER"):
    # Tests side by side share nothing: a worker has servers of its own, not those that its parent filled in.
    os.environ["MIOSA_STATE"] += f"-{WORKER}"
    for name in os.environ.get("MIOSA_FILLED", "").split(","):
        os.environ.pop(name, None)
os.environ.update(dict.fromkeys(HIDDEN, ""))
# Tests come from one address and sign in as the same few people; those of limits set their own.
os.environ.update(dict.fromkeys(RATES, "100000/min"))
export(services.ensure(read(), need={"database", "broker", "sandboxes"}))
os.environ["MIOSA_DATABASE_LOGIN"] = "owner"  # who builds the test database

# How long examples take tells of the machine, not of what is tested.
settings.register_profile("miosa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("miosa")

pytest_plugins = ["miosa.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Register after pytest-django, whose `django_db_setup` ours replaces."""
    from django.conf import settings

    from miosa.testing import database

    # A million rounds for the password of each test's tenant would take longer than most tests do.
    settings.PASSWORD_HASHERS = ["miosa.doctor.calm.QuickHasher", *settings.PASSWORD_HASHERS[1:]]
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
