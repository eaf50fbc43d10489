"""Make the database and its three logins from one administrative login; safe to repeat and to race.

`miosa_owner` owns the tables and migrates them, `miosa_app` reads and writes rows of one tenant at a time,
`miosa_platform` sees all tenants; nobody logs in as `miosa_reader` (`miosa.pg.reader`). Their passwords are derived from the administrator's, so that nothing new has to
be kept: whoever knows DATABASE_URL knows them already.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import Connection, sql

OLDEST_VERSION = 18  # uuidv7() and virtual generated columns
DATABASE = "miosa"
OWNER, APP, PLATFORM = "miosa_owner", "miosa_app", "miosa_platform"
READER = "miosa_reader"  # as whom questions are asked that a model wrote; no login
CONNECT_TIMEOUT_S = 10
LOCK = 0x4D494F5341  # "MIOSA": one bootstrap at a time on a server
# Left on the database when everything below was done; raise the number when the statements change.
MARK = "prepared for MIOSA, version 3"
# How long a login that answers requests may hold things up; a longer job says so (`miosa.pg.patience`).
LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


class DatabaseRefused(Exception):  # noqa: N818  reads as the sentence it prints
    """The server of DATABASE_URL cannot be used as it is; the message is one line and says what to do."""


@dataclass(frozen=True, repr=False)
class Logins:
    """The three URLs; each holds a password."""

    owner_url: str
    app_url: str
    platform_url: str


def derive(admin_url: str) -> Logins:
    """Return the URLs of the three logins, without a look at the server. Raise DatabaseRefused."""
    parts = urlsplit(admin_url)
    if not parts.password:
        raise DatabaseRefused(
            "DATABASE_URL has no password, from which the logins are derived: "
            "add it, or give DATABASE_PLATFORM_URL and DATABASE_OWNER_URL too."
        )
    secret = unquote(parts.password)

    def login(role: str) -> str:
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(
            netloc=f"{role}:{_password(secret, role)}@{place}",
            path=f"/{quote(_database(admin_url), safe='')}",
        ).geturl()

    return Logins(owner_url=login(OWNER), app_url=login(APP), platform_url=login(PLATFORM))


def same_login(url: str, login_url: str) -> str:
    """Return `url`, if there is one, with the user and password of `login_url`: a replica has its primary's roles."""
    login, place = urlsplit(login_url).netloc.rpartition("@")[0], urlsplit(url)
    netloc = f"{login}@{place.netloc.rpartition('@')[2]}"
    return place._replace(netloc=netloc, path=urlsplit(login_url).path).geturl() if url else ""


def bootstrap(admin_url: str) -> Logins:
    """Prepare server, database and roles where that is not done yet, and return the three logins.

    Raise DatabaseRefused when the server is unreachable, too old or without pgvector, or when the login may not do this.
    """
    logins = derive(admin_url)
    if not _is_prepared(logins):
        with _connected(admin_url, "postgres") as server:
            _refuse_old(server)
            _refuse_powerless(server)
            server.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # freed with the connection
            _prepare(server, admin_url, logins)
    return logins


def _is_prepared(logins: Logins) -> bool:
    """Log in as the application and read the mark and the rights: one connection, where the whole way takes five."""
    mark = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    try:
        with psycopg.connect(logins.app_url, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            return connection.execute(mark).fetchone() == (MARK,) and not _is_mighty(connection)
    except psycopg.Error:
        return False


def _prepare(server: Connection, admin_url: str, logins: Logins) -> None:
    name = _database(admin_url)
    for role, url in ((OWNER, logins.owner_url), (APP, logins.app_url), (PLATFORM, logins.platform_url)):
        _make_role(server, role, urlsplit(url).password or "")
    if not _exists(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", READER):
        _run(server, "CREATE ROLE {} NOLOGIN", READER)
    for role in (PLATFORM, READER):
        # INHERIT FALSE: policies for the platform role would apply to an owner that inherits it.
        _run(server, "GRANT {} TO {} WITH INHERIT FALSE, SET TRUE", role, OWNER)
    _refuse_mighty(server)
    # The template first: our database and the test databases are copies of it.
    with _connected(admin_url, "template1") as template:
        if _exists(
            template,
            "SELECT 1 FROM pg_database WHERE datname = %s AND pg_has_role(datdba, 'USAGE')",
            "template1",
        ):
            _furnish(template)
    if not _exists(server, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        _run(server, "CREATE DATABASE {} OWNER {}", name, OWNER)
    with _connected(admin_url, name) as database:
        _furnish(database)
    _run(server, "COMMENT ON DATABASE {} IS {mark}", name, mark=sql.Literal(MARK))


def _make_role(server: Connection, role: str, password: str) -> None:
    """Create the role or give it its password again; the password itself never reaches the server's log."""
    verifier = server.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    if not _exists(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        _run(server, "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS", role)
    if role == OWNER and not _exists(server, "SELECT 1 WHERE pg_has_role(%s, 'USAGE')", role):
        # An administrator that is no superuser acts for the owner: it creates what the owner shall own.
        _run(server, "GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE", role)
    rights = "CREATEDB" if role == OWNER else "NOCREATEDB"  # the owner makes the test databases
    _run(
        server, f"ALTER ROLE {{}} LOGIN {rights} PASSWORD {{verifier}}", role, verifier=sql.Literal(verifier)
    )
    for name, value in LIMITS.items() if role != OWNER else ():  # migrations take their time
        _run(server, f"ALTER ROLE {{}} SET {name} = {{value}}", role, value=sql.Literal(value))


def _furnish(database: Connection) -> None:
    """Give one database its extension, its schema's owner and the default rights of its logins."""
    if not _exists(database, "SELECT 1 FROM pg_available_extensions WHERE name = %s", "vector"):
        raise DatabaseRefused(
            "The server of DATABASE_URL has no pgvector: install the extension there (Debian: postgresql-18-pgvector)."
        )
    _run(database, "CREATE EXTENSION IF NOT EXISTS vector")
    _run(database, "ALTER SCHEMA public OWNER TO {}", OWNER)
    _run(database, "GRANT USAGE ON SCHEMA public TO {}, {}", APP, PLATFORM)
    for rights in (
        "SELECT, INSERT, UPDATE, DELETE ON TABLES",
        "USAGE, SELECT ON SEQUENCES",
        "USAGE ON SCHEMAS",
    ):
        _run(
            database,
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {{}} GRANT {rights} TO {{}}, {{}}",
            OWNER,
            APP,
            PLATFORM,
        )


def _refuse_old(server: Connection) -> None:
    major = server.info.server_version // 10_000
    if major < OLDEST_VERSION:
        raise DatabaseRefused(
            f"The server of DATABASE_URL is PostgreSQL {major}, and {OLDEST_VERSION} or newer is required: upgrade it, "
            "or unset DATABASE_URL to use the embedded one."
        )


def _refuse_powerless(server: Connection) -> None:
    able = "SELECT 1 FROM pg_roles WHERE rolname = current_user AND (rolsuper OR (rolcreaterole AND rolcreatedb))"
    if not _exists(server, able):
        raise DatabaseRefused(
            f"The login {server.info.user} of DATABASE_URL may not create roles and databases: give an administrative "
            "login, or make the logins yourself and give DATABASE_PLATFORM_URL and DATABASE_OWNER_URL too."
        )


def _refuse_mighty(server: Connection) -> None:
    if _is_mighty(server):
        raise DatabaseRefused(
            "A login of MIOSA on the server of DATABASE_URL can step over the wall between tenants: take SUPERUSER, "
            f"BYPASSRLS, CREATEROLE and REPLICATION from {OWNER}, {APP}, {PLATFORM} and {READER}, and every membership from "
            f"{APP} and {READER}."
        )


def _is_mighty(connection: Connection) -> bool:
    """Say whether Row Level Security does not hold one of the four."""
    rights = "rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication"
    mighty = f"SELECT 1 FROM pg_roles WHERE rolname = ANY(%s) AND ({rights})"
    member = "SELECT 1 FROM pg_auth_members JOIN pg_roles r ON r.oid = member WHERE rolname = ANY(%s)"
    return _exists(connection, mighty, [OWNER, APP, PLATFORM, READER]) or _exists(
        connection, member, [APP, READER]
    )


@contextmanager
def _connected(admin_url: str, database: str) -> Iterator[Connection]:
    """Yield an autocommit connection of the administrator; turn every refusal into one line."""
    parts = urlsplit(admin_url)
    place = f"{parts.hostname}:{parts.port or 5432}"
    try:
        url = parts._replace(path=f"/{quote(database, safe='')}").geturl()
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        if "authentication failed" in reason:
            raise DatabaseRefused(
                f"The server of DATABASE_URL at {place} refuses the user or the password."
            ) from None
        raise DatabaseRefused(f"The server of DATABASE_URL at {place} cannot be used: {reason}") from None
    with connection:
        try:
            yield connection
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise DatabaseRefused(
                f"The server of DATABASE_URL at {place} cannot be prepared: {reason}"
            ) from error


def _exists(connection: Connection, query: str, *parameters: object) -> bool:
    return connection.execute(query, parameters).fetchone() is not None


def _run(connection: Connection, statement: str, *names: str, **literals: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names), **literals))


def _database(admin_url: str) -> str:
    """Return the database to use: `postgres` is the administrator's place, not ours."""
    name = unquote(urlsplit(admin_url).path.lstrip("/"))
    return DATABASE if name in {"", "postgres"} else name


def _password(secret: str, role: str) -> str:
    return hmac.new(secret.encode(), f"miosa:{role}".encode(), hashlib.sha256).hexdigest()
