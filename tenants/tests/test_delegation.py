"""No credential ever reaches beyond any of its ancestors, whatever people and keys do."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from rest_framework.test import APIClient

from miosa.http.problem import Unauthenticated
from tenants import api_keys
from tenants.delegation import MOST_LINKS, Limits, Link, effective, exceeds
from tenants.models import ApiKey, Membership, Role, User
from tenants.scopes import ALL, SCOPES_OF_ROLE

KEYS = "/api/v1/api-keys"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAKING = frozenset({"api-keys:write", "api-keys:read"})

scopes = st.frozensets(st.sampled_from(sorted(ALL)), max_size=8).map(lambda some: some | MAKING)
bounds = st.one_of(st.none(), st.integers(1_000, 1_050))  # as a rate: too high to be met here
days = st.one_of(st.none(), st.integers(1, 30))
links = st.builds(
    Link,
    key_id=st.uuids(),
    parent_id=st.uuids(),
    scopes=scopes,
    rate_per_minute=bounds,
    budget_micros=bounds,
    expires_at=days.map(lambda ahead: ahead and NOW + timedelta(days=ahead - 3)),
    revoked_at=st.sampled_from([None, None, None, NOW]),
    created_by_id=st.sampled_from([None, UUID(int=1)]),
    role=st.sampled_from([None, *Role.values]),
)


def lineage(some):
    """The links as one lineage: only the last has no parent."""
    return [
        *some[:-1],
        Link(**{name: getattr(some[-1], name) for name in Link.__slots__} | {"parent_id": None}),
    ]


@given(st.lists(links, min_size=1, max_size=7).map(lineage))
def test_a_lineage_is_never_more_than_any_part_of_it(some):
    """What descends has at most what each rest of its lineage has; where one is dead, so is all below it."""
    own = effective(some, now=NOW)
    for above in range(1, len(some)):
        rest = effective(some[above:], now=NOW)
        assert own is None or (rest is not None and not own.beyond(rest))
    if len(some) > MOST_LINKS:
        assert own is None


@given(links)
def test_a_key_bound_to_a_person_has_at_most_the_persons_role(link):
    """The role counts as it is now; without one the key is dead."""
    own = effective(lineage([link]), now=NOW)
    if own and link.created_by_id:
        assert own.scopes <= SCOPES_OF_ROLE[link.role]
    if link.created_by_id and link.role is None:
        assert own is None


def test_a_broken_lineage_is_dead():
    """A key whose parent cannot be found opens nothing; neither does no key at all."""
    orphan = Link(UUID(int=1), UUID(int=2), ALL, None, None, None, None, None, None)
    assert effective([orphan], now=NOW) is None
    assert effective([], now=NOW) is None


@pytest.mark.parametrize(
    ("wanted", "most", "is_wider"),
    [(None, None, False), (1, None, False), (None, 1, True), (2, 1, True), (1, 1, False)],
)
def test_no_bound_is_the_widest(wanted, most, is_wider):
    """None exceeds every bound and is exceeded by nothing."""
    assert exceeds(wanted, most) is is_wider


class Delegation(RuleBasedStateMachine):
    """People with changing roles make keys, which make keys, through the API; anybody is demoted or ended any time."""

    def __init__(self):
        super().__init__()
        Membership.objects.all().delete()
        ApiKey.objects.all().delete()
        self.people = []
        self.secrets = {}  # id: (plain key, id of the parent)

    @rule(role=st.sampled_from([Role.OWNER, Role.ADMIN]), limits=scopes)
    def a_person_makes_a_key(self, role, limits):
        person = User.objects.create_user(f"{uuid4().hex}@acme.example")
        Membership.objects.create(user=person, role=role)
        self.people.append(person)
        row, plain = api_keys.make("root", scopes=limits, created_by_id=person.pk)
        self.secrets[row.pk] = plain, None

    @precondition(lambda self: self.secrets)
    @rule(data=st.data(), rate=bounds, budget=bounds, ahead=days)
    def a_key_makes_a_key(self, data, rate, budget, ahead):
        parent = self.drawn(data)
        limits = self.some_scopes(data, parent)
        body = {"name": "child", "scopes": sorted(limits), "rate_per_minute": rate, "budget_micros": budget}
        body["expires_at"] = ahead and (timezone.now() + timedelta(days=ahead)).isoformat()
        answer = self.client(parent).post(KEYS, body)
        before = self.limits(parent)
        assert answer.status_code in {201, 401, 403}, answer.content
        if answer.status_code == 201:
            made = answer.json()
            self.secrets[UUID(made["id"])] = made["key"], parent
            assert before is not None
            assert not self.limits(UUID(made["id"])).beyond(before)
            ends = made["expires_at"] and datetime.fromisoformat(made["expires_at"])
            stored = Limits(frozenset(made["scopes"]), ends, made["rate_per_minute"], made["budget_micros"])
            assert not stored.beyond(before)

    @precondition(lambda self: self.secrets)
    @rule(data=st.data(), rate=bounds, budget=bounds)
    def a_key_changes_a_key(self, data, rate, budget):
        by, key = (self.drawn(data) for _ in range(2))
        before, limits = self.limits(key), self.some_scopes(data, key)
        body = {"scopes": sorted(limits), "rate_per_minute": rate, "budget_micros": budget}
        answer = self.client(by).patch(f"{KEYS}/{key}", body)
        assert answer.status_code in {200, 401, 403, 409}, answer.content
        after = self.limits(key)
        assert after is None or (before is not None and not after.beyond(before))

    @precondition(lambda self: self.secrets)
    @rule(data=st.data())
    def a_key_rotates_a_key(self, data):
        by, key = (self.drawn(data) for _ in range(2))
        answer = self.client(by).post(f"{KEYS}/{key}/rotations", {"grace_s": 0})
        assert answer.status_code in {201, 401, 403, 409}, answer.content
        if answer.status_code == 201:
            assert by in {key, *self.above(key)}
            self.secrets[key] = answer.json()["key"], self.secrets[key][1]

    @precondition(lambda self: self.secrets)
    @rule(data=st.data(), how=st.sampled_from(["revoke", "expire", "narrow", "narrow"]))
    def a_key_loses_something(self, data, how):
        row = ApiKey.objects.get(pk=self.drawn(data))
        if how == "revoke":
            api_keys.revoke(row)
        elif how == "expire":
            ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now())
        else:
            ApiKey.objects.filter(pk=row.pk).update(
                scopes=sorted(MAKING), rate_per_minute=1_000, budget_micros=1_000
            )

    @precondition(lambda self: self.people)
    @rule(data=st.data(), role=st.sampled_from([None, *Role.values]))
    def a_person_is_given_another_role(self, data, role):
        theirs = Membership.objects.filter(user=self.people[data.draw(st.integers(0, len(self.people) - 1))])
        if role is None:
            theirs.delete()
        else:
            theirs.update(role=role)

    @invariant()
    def nobody_reaches_beyond_an_ancestor(self):
        for key in self.secrets:
            own = self.limits(key)
            for ancestor in self.above(key):
                theirs = self.limits(ancestor)
                assert own is None or (theirs is not None and not own.beyond(theirs))
            person = ApiKey.objects.get(pk=key).created_by_id
            role = Membership.objects.filter(user_id=person).values_list("role", flat=True).first()
            assert own is None or own.scopes <= SCOPES_OF_ROLE[str(role)]

    def drawn(self, data):
        """One of the keys, by its place: ids differ from run to run."""
        return list(self.secrets)[data.draw(st.integers(0, len(self.secrets) - 1))]

    def some_scopes(self, data, key):
        """Mostly some of what the key has, so that histories grow; sometimes more."""
        held = ApiKey.objects.get(pk=key).scopes
        some = data.draw(st.frozensets(st.sampled_from(held)))
        more = data.draw(st.frozensets(st.sampled_from(sorted(ALL)), max_size=1))
        return some | MAKING | more

    def above(self, key):
        while (key := self.secrets[key][1]) is not None:
            yield key

    def limits(self, key):
        """What the secret opens, as authentication sees it; None where it opens nothing."""
        try:
            found = api_keys.resolve(self.secrets[key][0])
        except Unauthenticated:
            return None
        return Limits(found.scopes, found.expires_at, found.rate_per_minute, found.budget_micros)

    def client(self, key):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.secrets[key][0]}")
        return client


def test_no_history_makes_a_credential_that_exceeds_an_ancestor(tenant):
    """Random trees of people, roles and keys under making, narrowing, rotating, ending and demoting, over the API."""
    run_state_machine_as_test(
        Delegation,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.generate],  # every step is a request: making a failure small would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
