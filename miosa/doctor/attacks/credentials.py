"""Credentials of one tenant that claim another, and headers that ask for one: only the credential says who asks."""

from collections.abc import Iterator

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.requests import Asked, answer
from tenants import tokens
from tenants.models import Session

SURFACE = "credentials"
LIST, SIGN_IN = "/api/v1/executions", "/api/v1/tokens"
OK, REFUSED, NO_CREDENTIAL = 200, 400, 401


def attacks(ground: Ground) -> Found:
    """Ask for the executions: with the victim's own credential they are there, with every mixture they are not."""
    for name, header in (("key", ground.victim.authorization), ("token", _token(ground, "victim"))):
        got = answer(Asked("GET", LIST), ground, authorization=header, look=False)
        if got.status != OK or ground.victim.canary not in got.text:
            yield Missed(SURFACE, f"GET {LIST}", f"the victim's own {name} is answered {got.status}")
    yield from _mixed(ground)
    yield from _tricks(ground)
    yield from _sign_in(ground)


def _mixed(ground: Ground) -> Found:
    """No mixture is anybody's credential: 401, and nothing told."""
    for name, header in _mixtures(ground):
        got = answer(Asked("GET", LIST), ground, authorization=header)
        told = ground.told(got.text)
        leaked = bool(told) or got.changed or got.status != NO_CREDENTIAL
        yield Attack(SURFACE, f"GET {LIST}", name, leaked, f"answered {got.status} {' '.join(told)}".strip())


def _mixtures(ground: Ground) -> Iterator[tuple[str, str]]:
    victim, attacker = ground.victim.tenant, ground.attacker.tenant
    theirs, own = ground.victim.credentials["api_key"], ground.attacker.credentials["api_key"]
    yield "own key, the victim's tenant in it", f"Bearer {own.replace(attacker.pk.hex, victim.pk.hex)}"
    yield "the victim's key, own tenant in it", f"Bearer {theirs.replace(victim.pk.hex, attacker.pk.hex)}"
    for name, who in (
        ("own person, the victim's tenant", ("attacker", "victim", "attacker")),
        ("own person, the victim's tenant and session", ("attacker", "victim", "victim")),
        ("the victim's person and session, own tenant", ("victim", "attacker", "victim")),
        ("the victim's person, own tenant and session", ("victim", "attacker", "attacker")),
        ("own person and tenant, the victim's session", ("attacker", "attacker", "victim")),
        ("the victim's person and tenant, own session", ("victim", "victim", "attacker")),
    ):
        yield f"token: {name}", _token(ground, *who)
    yield "two keys in one header", f"Bearer {own}, Bearer {theirs}"
    yield "another scheme", f"Basic {theirs}"


def _tricks(ground: Ground) -> Found:
    """Whatever else is in the headers, one's own key leads to one's own tenant."""
    victim = ground.victim.tenant
    domain = f"{victim.slug}.example"
    for name, value in (
        ("X-Tenant", victim.slug),
        ("X-Tenant", str(victim.pk)),
        ("X-Tenant-Id", str(victim.pk)),
        ("X-Schema-Name", victim.schema_name),
        ("X-Forwarded-Host", domain),
        ("Forwarded", f"host={domain}"),
        ("Host", domain),
        ("X-Original-URL", f"/api/v1/executions?tenant={victim.pk}"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Authorization", ground.victim.authorization),
        ("Cookie", f"tenant={victim.pk}; app.tenant_id={victim.pk}"),
    ):
        asked = Asked("GET", LIST, headers={name: value})
        got = answer(asked, ground, authorization=ground.attacker.authorization)
        told = ground.told(got.text, sent=asked.sent(ground))
        yield Attack(
            SURFACE, f"GET {LIST}", f"header {name}", bool(told) or got.changed, f"answered {got.status}"
        )


def _sign_in(ground: Ground) -> Found:
    """A person signs in where they are a member, and nowhere else."""
    victim, attacker = ground.victim, ground.attacker
    for name, person, tenant in (
        ("the victim's person at the own tenant", victim, attacker.tenant),
        ("the own person at the victim's tenant", attacker, victim.tenant),
    ):
        body = {"email": person.person.email, "password": person.password, "tenant": tenant.slug}
        got = answer(Asked("POST", SIGN_IN, body), ground)
        yield Attack(SURFACE, f"POST {SIGN_IN}", name, got.status < REFUSED, f"answered {got.status}")
    body = {"email": victim.person.email, "password": victim.password, "tenant": victim.tenant.slug}
    got = answer(Asked("POST", SIGN_IN, body), ground, look=False)
    if got.status >= REFUSED:
        yield Missed(SURFACE, f"POST {SIGN_IN}", f"the victim's own person is answered {got.status}")


def _token(ground: Ground, person: str, tenant: str = "", session: str = "") -> str:
    """Return the header of a token that we have signed ourselves, whatever it says."""
    claims = tokens.Claims(
        user_id=getattr(ground, person).person.pk,
        tenant_id=getattr(ground, tenant or person).tenant.pk,
        session_id=getattr(ground, session or person).rows[Session].pk,
    )
    return f"Bearer {tokens.issue(claims)}"
