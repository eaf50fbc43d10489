"""The OpenID provider of OIDC_ISSUER: where it sends people, and who it says they are.

Authlib speaks the protocol and checks every id_token: its signature by the provider's published keys, issuer, audience,
nonce and times. What it leaves to us is done here: that the provider is the one we were told of, and that only
algorithms with a public key count.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from joserfc.errors import JoseError
from requests import RequestException

from miosa.http.problem import NotFound, Unauthenticated, Unavailable
from miosa.variable_checks import THIS_MACHINE

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 3.0, 8.0
KNOWN_FOR_S = 600  # after so long the provider's description and keys are read anew
LEEWAY_S = 60  # how far its clock may differ
SCOPE = "openid email profile"
# Those with a public key only: `none` proves nothing, and a shared secret is no proof of who signed.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip


class NotSetUp(NotFound):
    """Sign-in by OpenID is not set up on this installation: set OIDC_ISSUER and OIDC_CLIENT_ID."""

    def __init__(self) -> None:
        super().__init__("Sign-in by OpenID is not set up on this installation.")


class ProviderSilent(Unavailable):
    """The provider does not answer as it should just now; try again, or sign in with a password."""

    def __init__(self) -> None:
        super().__init__(
            "The OpenID provider does not answer as it should just now: try again in a moment, or use a password.",
            retry_after_s=30,
        )


class NotVouchedFor(Unauthenticated):
    """What came back does not prove who this is; which part of it failed is not told."""

    def __init__(self) -> None:
        super().__init__("The OpenID provider did not confirm who you are: begin again.")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the provider vouches for. `email` is empty unless it says that the address is verified."""

    issuer: str
    subject: str
    email: str = ""
    name: str = ""


class Provider(OpenIDMixin):
    """One provider as it described itself. `server_metadata` and `client_id` are Authlib's names."""

    def __init__(self, metadata: dict[str, Any], *, client_id: str, client_secret: str) -> None:
        self.server_metadata, self.client_id, self._secret = metadata, client_id, client_secret
        self.issuer: str = metadata["issuer"]

    def load_server_metadata(self) -> dict[str, Any]:
        return self.server_metadata

    def _get_session(self, redirect_uri: str = "") -> OAuth2Session:
        return _session(
            client_id=self.client_id,
            client_secret=self._secret or None,
            token_endpoint_auth_method=self._proof_of_us,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            leeway=0,  # the access token is used at once, if at all
        )

    @property
    def _proof_of_us(self) -> str:
        """How we show the provider who we are at its token endpoint."""
        if not self._secret:
            return "none"
        supported = self.server_metadata.get("token_endpoint_auth_methods_supported") or [
            "client_secret_basic"
        ]
        return "client_secret_basic" if "client_secret_basic" in supported else "client_secret_post"

    def door(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return the address at the provider where a person signs in."""
        with self._get_session(redirect_uri) as session:
            url, _ = session.create_authorization_url(
                self.server_metadata["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    def account(self, code: str, *, redirect_uri: str, nonce: str, verifier: str) -> Account:
        """Trade the code for an id_token, check it, and return whom it speaks of.

        Raises:
            NotVouchedFor: the provider refuses the code, or any check fails.
            ProviderSilent: it does not answer, or says nonsense.
        """
        try:
            with self._get_session(redirect_uri) as session:
                token = session.fetch_token(
                    self.server_metadata["token_endpoint"], code=code, code_verifier=verifier
                )
                claims = self._checked(token, nonce)
                if "email" not in claims:
                    claims |= self._userinfo(session, claims["sub"])
        except RequestException as silence:
            raise ProviderSilent from silence
        except (JoseError, OAuthError, ValueError, KeyError, TypeError) as flaw:
            raise NotVouchedFor from flaw
        return _account(self.issuer, claims)

    def _checked(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of a valid id_token; issuer and audience are asked for by name, to be ours and there."""
        wanted = {
            "iss": {"essential": True, "values": [self.issuer]},
            "aud": {"essential": True, "values": [self.client_id]},
            "nonce": {"essential": True, "values": [nonce]},
        }
        parse: Any = self.parse_id_token
        claims = parse(token, nonce, claims_options=wanted, leeway=LEEWAY_S)
        if not claims or not claims.get("sub"):
            raise NotVouchedFor
        return dict(claims)

    def _userinfo(self, session: OAuth2Session, subject: str) -> dict[str, Any]:
        """Ask for the address where the id_token does not hold it; the answer has to be about the same person."""
        endpoint = self.server_metadata.get("userinfo_endpoint")
        if not endpoint:
            return {}
        answer = session.get(endpoint)
        answer.raise_for_status()
        told = answer.json()
        if told.get("sub") != subject:
            raise NotVouchedFor
        return {name: told[name] for name in ("email", "email_verified", "name") if name in told}


def provider() -> Provider:
    """Return the provider this installation trusts. Raises NotSetUp, ProviderSilent."""
    environment = settings.ENVIRONMENT
    if not environment.oidc_issuer:
        raise NotSetUp
    return _discovered(
        environment.oidc_issuer,
        environment.oidc_client_id,
        environment.oidc_client_secret,
        int(time.monotonic() // KNOWN_FOR_S),
    )


@lru_cache(maxsize=4)
def _discovered(issuer: str, client_id: str, client_secret: str, _period: int) -> Provider:
    try:
        with _session() as session:
            place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            answer = session.request("GET", place, withhold_token=True)
            answer.raise_for_status()
            metadata = answer.json()
    except (RequestException, ValueError) as silence:
        raise ProviderSilent from silence
    if not isinstance(metadata, dict) or not _is_as_told(metadata, issuer):
        raise ProviderSilent
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [name for name in ALGORITHMS if name in offered]
    return Provider(metadata, client_id=client_id, client_secret=client_secret)


def _is_as_told(metadata: dict[str, Any], issuer: str) -> bool:
    """Tell whether a description is of this very issuer, and all its doors are safe to use."""
    same = str(metadata.get("issuer", "")).rstrip("/") == issuer.rstrip("/")
    doors = [metadata.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    doors += [metadata["userinfo_endpoint"]] if metadata.get("userinfo_endpoint") else []
    return same and all(isinstance(door, str) and _is_safe(door) for door in doors)


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)


def _session(**facts: Any) -> OAuth2Session:
    """Return a client that waits only so long and follows nobody elsewhere."""
    session = OAuth2Session(default_timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), **facts)
    session.max_redirects = 0
    return session


def _account(issuer: str, claims: dict[str, Any]) -> Account:
    verified = claims.get("email_verified") in (True, "true")  # some providers say it as a word
    email = str(claims.get("email") or "").strip().lower() if verified else ""
    return Account(
        issuer=issuer, subject=str(claims["sub"]), email=email, name=str(claims.get("name") or "")[:120]
    )
