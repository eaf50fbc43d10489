"""Every variable the product reads: taken once from the process and `.env`, checked, typed and frozen.

A variable is one field below: its name, how it is checked, and what it means when it is absent.
The process's own environment wins over `.env`. A secret may stand in a file named by `NAME_FILE`.
"""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from miosa import variable_checks as check
from miosa.agents_environment import AgentsEnvironment
from miosa.deployments_environment import DeploymentsEnvironment
from miosa.gateway_environment import GatewayEnvironment
from miosa.limits_environment import LimitsEnvironment
from miosa.payments_environment import PaymentsEnvironment
from miosa.people_environment import PeopleEnvironment, refuse_half_a_provider
from miosa.router_environment import RouterEnvironment
from miosa.secrecy_environment import SecrecyEnvironment
from miosa.variable_field import variable
from miosa.variable_sources import InvalidEnvironment, dot_env, text_of

__all__ = ["ROOT", "Effect", "Environment", "InvalidEnvironment", "effects", "environment", "export", "read"]

ROOT = check.ROOT
DOT_ENV = ROOT / ".env"


@dataclass(frozen=True, kw_only=True)
class Environment(
    PeopleEnvironment,
    LimitsEnvironment,
    SecrecyEnvironment,
    RouterEnvironment,
    GatewayEnvironment,
    AgentsEnvironment,
    DeploymentsEnvironment,
    PaymentsEnvironment,
):
    """All settings of one process. An empty string means: not set. Secrets stay out of its repr.

    `filled` names the variables nobody set: the embedded services gave them their values.
    """

    database_url: str = variable(
        "DATABASE_URL",
        check.url("postgresql", "postgres"),
        secret=True,
        present="that PostgreSQL is used",
        absent="an embedded PostgreSQL runs here",
    )
    database_platform_url: str = variable(
        "DATABASE_PLATFORM_URL", check.url("postgresql", "postgres"), secret=True
    )
    database_owner_url: str = variable("DATABASE_OWNER_URL", check.url("postgresql", "postgres"), secret=True)
    database_replica_url: str = variable(
        "DATABASE_REPLICA_URL",
        check.url("postgresql", "postgres"),
        secret=True,
        present="sums of usage and statistics are read from that replica, and from the primary while it is away",
        absent="sums of usage and statistics are read where everything else is",
    )
    database_pool: int = variable("MIOSA_DATABASE_POOL", check.number(1, 1000), 10)
    redis_url: str = variable(
        "REDIS_URL",
        check.url("redis", "rediss"),
        secret=True,
        present="that server carries the tasks",
        absent="an embedded Valkey carries the tasks",
    )
    groq_api_key: str = variable(
        "GROQ_API_KEY",
        check.key,
        secret=True,
        present="Groq models are candidates and serve latency-sensitive work",
        absent="Groq models are not candidates; latency-sensitive work goes to the models that are left",
    )
    kimi_api_key: str = variable(
        "KIMI_API_KEY",
        check.key,
        secret=True,
        present="Kimi models are candidates and lead the orchestration",
        absent="Kimi models are not candidates; the orchestration is led by the best model that is left",
    )
    jwt_secret: str = variable(
        "JWT_SECRET",
        check.jwt_secret,
        secret=True,
        present="tokens are signed with it",
        absent="tokens are signed with a random secret kept in the state folder",
    )
    local_model_url: str = variable(
        "LOCAL_MODEL_URL",
        check.url("http", "https"),
        present="that server is the local model",
        absent="SmolLM2-135M runs here: small, good enough to show every path",
    )
    embeddings_url: str = variable(
        "EMBEDDINGS_URL",
        check.url("http", "https"),
        present="that server makes the embeddings",
        absent="MiniLM makes the embeddings here",
    )
    groq_base_url: str = variable(
        "GROQ_BASE_URL", check.url("https", "http"), "https://api.groq.com/openai/v1"
    )
    kimi_base_url: str = variable("KIMI_BASE_URL", check.url("https", "http"), "https://api.moonshot.ai/v1")
    model_threads: int = variable("MIOSA_MODEL_THREADS", check.number(1, 256), 1)
    state_dir: Path = variable("MIOSA_STATE", check.folder, ROOT / ".miosa")  # noqa: RUF009  a Path is immutable
    host: str = variable("MIOSA_HOST", check.host, "127.0.0.1")
    port: int = variable("MIOSA_PORT", check.number(1, 65_535), 8000)
    debug: bool = variable("MIOSA_DEBUG", check.flag, default=False)
    filled: tuple[str, ...] = variable("MIOSA_FILLED", check.names, ())

    def value_of(self, name: str) -> str:
        """Return the text of a variable: of a field by its name, or of one that only the catalogue names.

        A provider that is added later needs no field here; its key is taken like any other secret.
        """
        for spec in fields(self):
            if spec.metadata["name"] == name:
                return _written(getattr(self, spec.name))
        sources = (os.environ, dot_env(DOT_ENV))
        found = next((one for one in sources if name in one or f"{name}_FILE" in one), None)
        return text_of(name, found, may_be_file=True) if found is not None else ""


@dataclass(frozen=True)
class Effect:
    """What the presence or absence of one variable means, in plain words."""

    name: str
    present: bool
    effect: str


def effects(environment: Environment) -> tuple[Effect, ...]:
    """Return one line for each variable whose absence changes what the product can do."""
    return tuple(_effect(environment, spec) for spec in fields(environment) if spec.metadata["absent"])


def _effect(environment: Environment, spec: Field[Any]) -> Effect:
    name = spec.metadata["name"]
    present = bool(getattr(environment, spec.name)) and name not in environment.filled
    return Effect(name, present, spec.metadata["present" if present else "absent"])


def read(environ: Mapping[str, str] | None = None, *, env_file: Path | None = None) -> Environment:
    """Return the checked environment; raise InvalidEnvironment naming the first variable that is wrong.

    Without arguments it reads this process and the `.env` beside manage.py; with `environ` only what is given.
    """
    given = os.environ if environ is None else environ
    from_file = dot_env(DOT_ENV if environ is None and env_file is None else env_file)
    values = {spec.name: _value(spec, given, from_file) for spec in fields(Environment)}
    environment = Environment(**{name: value for name, value in values.items() if value is not None})
    _refuse_mixed_logins(environment)
    refuse_half_a_provider(environment)
    return environment


@cache
def environment() -> Environment:
    """Return this process's environment, read once."""
    return read()


def export(environment_: Environment, into: MutableMapping[str, str] = os.environ) -> None:
    """Write every value to `into`, so that settings and child processes read the very same, whatever `.env` says."""
    for spec in fields(environment_):
        value, name = getattr(environment_, spec.name), spec.metadata["name"]
        into.pop(f"{name}_FILE", None)
        into[name] = _written(value)
    environment.cache_clear()


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _value(spec: Field[Any], *sources: Mapping[str, str]) -> Any:
    """Return the checked value of one variable, or None where no source has it."""
    name = spec.metadata["name"]
    for source in sources:
        # The first source that names the variable decides, even by an empty value: `GROQ_API_KEY= make demo`.
        if name in source or (spec.metadata["secret"] and f"{name}_FILE" in source):
            text = text_of(name, source, may_be_file=spec.metadata["secret"])
            break
    else:
        return None
    if not text:
        return None
    try:
        return spec.metadata["parse"](text)
    except ValueError as error:
        raise InvalidEnvironment(name, str(error)) from None


def _refuse_mixed_logins(environment_: Environment) -> None:
    """Refuse a login without the ones it needs beside it, and two URLs that share a role.

    DATABASE_URL alone is an administrative login, from which three are made; beside DATABASE_PLATFORM_URL it is
    the application's own. The owner's is needed where migrations run.
    """
    urls = {
        "DATABASE_OWNER_URL": environment_.database_owner_url,
        "DATABASE_PLATFORM_URL": environment_.database_platform_url,
        "DATABASE_URL": environment_.database_url,
    }
    given = [name for name, value in urls.items() if value]
    if (
        missing := [name for name in list(urls)[list(urls).index(given[0]) :] if not urls[name]]
        if given
        else []
    ):
        raise InvalidEnvironment(
            missing[0], f"is missing beside {given[0]}: set it too, or give DATABASE_URL alone"
        )
    if len({urlsplit(urls[name]).username for name in given}) < len(given):
        raise InvalidEnvironment(
            given[0], f"shares its login with another of {', '.join(given)}: each needs its own role"
        )
    _refuse_stray_replica(environment_)


def _refuse_stray_replica(environment_: Environment) -> None:
    """Refuse a replica of nothing, and one that another login than the application's would read."""
    url, replica = environment_.database_url, environment_.database_replica_url
    if replica and not url:
        raise InvalidEnvironment(
            "DATABASE_REPLICA_URL", "is set without DATABASE_URL: the embedded PostgreSQL has no replica"
        )
    if replica and urlsplit(replica).username != urlsplit(url).username:
        raise InvalidEnvironment(
            "DATABASE_REPLICA_URL", "must have the same login as DATABASE_URL: a replica has the same roles"
        )
