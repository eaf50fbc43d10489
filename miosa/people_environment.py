"""The variables that say how people come in: mail, the public address, the OpenID provider, the second factor."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from miosa import variable_checks as check
from miosa.variable_field import variable
from miosa.variable_sources import InvalidEnvironment

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  what is listened on is no address to go to


@dataclass(frozen=True, kw_only=True)
class PeopleEnvironment:
    """What `Environment` knows about people. An empty string means: not set."""

    public_url: str = variable("MIOSA_PUBLIC_URL", check.url("https", "http"))
    mail_url: str = variable(
        "MIOSA_MAIL_URL",
        check.url("smtp", "smtps"),
        secret=True,
        present="that server sends our mail",
        absent="mail is written into files of the state folder, and invitation links are handed on by hand",
    )
    mail_from: str = variable("MIOSA_MAIL_FROM", check.mail_address)
    oidc_issuer: str = variable(
        "OIDC_ISSUER",
        check.issuer,
        present="people may sign in there",
        absent="people sign in with passwords only",
    )
    oidc_client_id: str = variable("OIDC_CLIENT_ID", check.key)
    oidc_client_secret: str = variable("OIDC_CLIENT_SECRET", check.key, secret=True)
    oidc_name: str = variable("OIDC_NAME", check.label, "OpenID")
    staff_second_factor: str = variable(
        "MIOSA_STAFF_SECOND_FACTOR", check.one_of("optional", "required"), "optional"
    )


def public_base(environment: PeopleEnvironment, *, host: str, port: int) -> str:
    """Return the beginning of absolute links, without a slash at its end; without MIOSA_PUBLIC_URL from host and port."""
    place = EVERYWHERE.get(host) or (f"[{host}]" if ":" in host else host)
    return environment.public_url or f"http://{place}:{port}"


def mail_sender(environment: PeopleEnvironment) -> str:
    """Return the address our mail comes from; without MIOSA_MAIL_FROM one of the public host."""
    return environment.mail_from or f"miosa@{urlsplit(environment.public_url).hostname or 'localhost'}"


@dataclass(frozen=True, slots=True, repr=False)
class MailServer:
    """Where Django's mail goes; without a host it is kept in files."""

    backend: str = "miosa.mail.KeptMail"
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_server(environment: PeopleEnvironment) -> MailServer:
    """Return the server of MIOSA_MAIL_URL: `smtps` speaks TLS from the start, `smtp` by STARTTLS save on this machine."""
    if not environment.mail_url:
        return MailServer()
    parts = urlsplit(environment.mail_url)
    tls, host = parts.scheme == "smtps", parts.hostname or ""
    return MailServer(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=host,
        port=parts.port or (465 if tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=not tls and host not in check.THIS_MACHINE,
        tls=tls,
    )


def refuse_half_a_provider(environment: PeopleEnvironment) -> None:
    """Refuse an OpenID provider without our name there, and the other way round."""
    if environment.oidc_issuer and not environment.oidc_client_id:
        raise InvalidEnvironment("OIDC_CLIENT_ID", "is missing beside OIDC_ISSUER: the provider gives it")
    if environment.oidc_client_id and not environment.oidc_issuer:
        raise InvalidEnvironment("OIDC_ISSUER", "is missing beside OIDC_CLIENT_ID: set it, or unset both")
