"""The variables that say what is kept secret and with which keys, whom we believe, and whom we may call."""

from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable


@dataclass(frozen=True, kw_only=True)
class SecrecyEnvironment:
    """A part of `miosa.environment.Environment`."""

    jwt_algorithm: str = variable("JWT_ALGORITHM", check.one_of("HS256", "EdDSA", "RS256"), "HS256")
    token_lifetime_s: int = variable("MIOSA_TOKEN_LIFETIME_S", check.number(30, 3600), 900)
    secret_keys: tuple[str, ...] = variable("MIOSA_SECRET_KEYS", check.secret_keys, (), secret=True)
    secure_cookies: bool = variable("MIOSA_SECURE_COOKIES", check.flag, default=False)
    allowed_hosts: tuple[str, ...] = variable(
        "MIOSA_ALLOWED_HOSTS", check.hosts, ("localhost", "127.0.0.1", "[::1]")
    )
    trusted_proxies: tuple[str, ...] = variable("MIOSA_TRUSTED_PROXIES", check.networks, ())
    outgoing_allow: tuple[str, ...] = variable("MIOSA_OUTGOING_ALLOW", check.places, ())

    @property
    def trusted_origins(self) -> tuple[str, ...]:
        """The origins whose pages may send forms, as Django reads them; `.example.org` is that host and all below it."""
        named = (host for host in self.allowed_hosts if host not in {"*", "127.0.0.1", "localhost"})
        return tuple(f"https://*{host}" if host.startswith(".") else f"https://{host}" for host in named)
