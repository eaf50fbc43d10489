"""compose.yaml gives each container an environment the product accepts, and no more than it needs."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deployments.hosting import server as hosting
from deployments.sandboxes.server import __main__ as sandboxes
from miosa.embedded.state import CannotStart
from miosa.embedded.url_file import password_in
from miosa.environment import InvalidEnvironment, read
from miosa.pg import bootstrap
from miosa.tests.containers import COMPOSE, COMPOSE_TEXT, OURS, SERVICES, USED

# As the comment at the top of the file has them written into files.
COMPOSE_URLS = {
    name: f"http://:SECRET@{host}"
    for host, name in re.findall(r'@(\S+:\d+)" > (sandboxes|hosting)_url', COMPOSE_TEXT)
}
LOGINS_SQL = COMPOSE["configs"]["logins"]["content"]


def interpolated(value, given):
    """What compose makes of `${NAME:-default}` and `${NAME:?refusal}`."""
    return USED.sub(lambda match: given.get(match[1]) or (match[3] if match[2] == ":-" else ""), str(value))


def environment_of(service, tmp_path, **given):
    """The variables of one container, with its secrets as files, as its process would see them."""
    variables = {name: interpolated(value, given) for name, value in service.get("environment", {}).items()}
    for name, path in variables.items():
        if name.endswith("_FILE"):
            assert Path(path).name in service["secrets"], f"{name} names a secret the service is not given"
            variables[name] = str(tmp_path / Path(path).name)
    return variables


@pytest.fixture
def secrets(tmp_path):
    """Files as the comment at the top of compose.yaml makes them."""
    made = {"jwt_secret": "4fJ0rT2yXq8vLw7ZkPb1NdQe6GhUa3Cs5MiRoBtYx9E=", "database_admin_password": "00ff"}
    made |= {
        f"database_{role}url": f"postgresql://miosa_{user}:{user.encode().hex()}@database:5432/miosa"
        for role, user in (("", "app"), ("owner_", "owner"), ("platform_", "platform"))
    }
    made |= {f"{name}_url": f"http://:{name.encode().hex()}@{name}:8083" for name in ("sandboxes", "hosting")}
    for name, text in made.items():
        (tmp_path / name).write_text(text + "\n")
    return made


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate"])
def test_each_container_gets_an_environment_it_accepts(name, secrets, tmp_path):
    """The product itself reads the variables of each service and refuses none."""
    given = {"MIOSA_ALLOWED_HOSTS": "miosa.example"}
    environment = read(environment_of(OURS[name], tmp_path, **given))
    assert environment.jwt_secret == secrets["jwt_secret"]
    assert environment.allowed_hosts == ("miosa.example", "127.0.0.1")
    assert environment.secure_cookies


def test_each_container_holds_only_the_passwords_it_needs(secrets, tmp_path):
    """Who serves cannot alter tables, who migrates cannot serve, and the clock can do neither."""
    held = {}
    for name in ("web", "worker", "beat", "migrate"):
        environment = read(environment_of(OURS[name], tmp_path, MIOSA_ALLOWED_HOSTS="miosa.example"))
        urls = {
            "app": environment.database_url,
            "platform": environment.database_platform_url,
            "owner": environment.database_owner_url,
        }
        held[name] = {
            login for login, url in urls.items() if ":" in url.partition("://")[2].partition("@")[0]
        }
    serving = {"app", "platform"}
    assert held == {"web": serving, "worker": serving, "beat": set(), "migrate": {"owner"}}


@pytest.mark.parametrize(("name", "reads"), [("sandboxes", sandboxes), ("hosting", hosting)])
def test_a_server_of_ours_understands_its_command(name, reads, secrets, tmp_path):
    """Its own parser reads what compose starts it with, and it finds the secret that the others call it with."""
    command = [interpolated(word, {}) for word in SERVICES[name]["command"]]
    options = reads.parser().parse_args(command[3:])
    assert (options.host, str(options.port)) == (
        "0.0.0.0",
        urlsplit(COMPOSE_URLS[name]).netloc.rpartition(":")[2],
    )
    kept = tmp_path / options.url_file.name
    kept.write_text(COMPOSE_URLS[name].replace("SECRET", "s" * 64) + "\n")
    assert options.url_file.name in SERVICES[name]["secrets"]
    assert password_in(kept) == "s" * 64
    kept.write_text("http://hosting:8084")
    with pytest.raises(CannotStart, match="password"):
        password_in(kept)


def test_a_missing_host_name_stops_compose_with_a_sentence():
    """What has no safe default is asked for, and says what to give."""
    required = {match[1]: match[3] for match in USED.finditer(COMPOSE_TEXT) if match[2] == ":?"}
    assert set(required) == {"MIOSA_ALLOWED_HOSTS"}
    assert all(len(sentence.split()) > 3 for sentence in required.values())


def test_mixed_up_secrets_are_refused(secrets, tmp_path):
    """The same login in two files is told by name, before anything connects."""
    (tmp_path / "database_platform_url").write_text(secrets["database_url"])
    with pytest.raises(InvalidEnvironment, match="DATABASE_PLATFORM_URL"):
        read(environment_of(OURS["web"], tmp_path, MIOSA_ALLOWED_HOSTS="miosa.example"))


def test_only_the_web_and_the_sites_are_reachable_from_outside():
    """A published port each, on this machine's own address; the database's network leads nowhere."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["hosting", "web"]
    for name in ("hosting", "web"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("database", "broker"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_what_runs_foreign_code_meets_no_database():
    """The servers of boxes hold no password of it, and no network leads there."""
    for name in ("sandboxes", "hosting"):
        assert "inside" not in SERVICES[name]["networks"]
        assert SERVICES[name]["secrets"] == [f"{name}_url"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_locked_down(name):
    """Nothing to write but two small folders, no capability, no new privilege."""
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_containers_wait_for_what_they_need():
    """Each dependency has a condition that the other side can meet."""
    for service in SERVICES.values():
        for other, wait in service.get("depends_on", {}).items():
            target = SERVICES[other]
            if wait["condition"] == "service_healthy":
                assert "test" in target["healthcheck"]
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert target["restart"] == "no"


def test_what_is_mounted_is_declared():
    """Volumes, secrets, configs and networks are all there, and none lies idle."""
    for kind in ("volumes", "secrets", "configs", "networks"):
        used = {name_of(item) for service in SERVICES.values() for item in service.get(kind, [])}
        assert used == set(COMPOSE[kind]), kind


def name_of(item):
    return item["source"] if isinstance(item, dict) else item.partition(":")[0]


def test_the_logins_are_made_as_the_product_makes_them():
    """The same roles and the same default rights as where the product prepares a server by itself."""
    source = Path(bootstrap.__file__).read_text()
    flat = " ".join(LOGINS_SQL.split())
    for role in (bootstrap.OWNER, bootstrap.APP, bootstrap.PLATFORM):
        assert f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD" in flat
    rights = set(re.findall(r"FOR ROLE miosa_owner GRANT (.+?) TO miosa_app, miosa_platform;", flat))
    assert rights
    assert rights == set(re.findall(r'"([A-Z, ]+ ON (?:TABLES|SEQUENCES|SCHEMAS))"', source))
    assert f"CREATE ROLE {bootstrap.READER} NOLOGIN;" in flat
    for role in (bootstrap.PLATFORM, bootstrap.READER):
        assert f"GRANT {role} TO miosa_owner WITH INHERIT FALSE, SET TRUE;" in flat
    assert "INHERIT FALSE, SET TRUE" in source


def test_the_logins_passwords_are_read_from_their_urls(secrets):
    """The shell words in the SQL cut exactly the password out of a URL."""
    for name, text in secrets.items():
        if not name.startswith("database_") or not name.endswith("_url"):
            continue
        [command] = re.findall(rf"`(.+{name} .+)`|`(.+/{name} .*)`", LOGINS_SQL)
        words = shlex.split("".join(command))
        assert words == ["cut", "-d:", "-f3", f"/run/secrets/{name}", "|", "cut", "-d@", "-f1"]
        assert text.split(":")[2].split("@")[0] == urlsplit(text).password
