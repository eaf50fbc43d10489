"""A key gets a new secret: the old one ends, and nobody gains a key that is not theirs."""

from django.utils import timezone

from tenants import api_keys
from tenants.models import ApiKey, Membership, Role, User
from tenants.tests.test_api_keys import KEYS, READ_AND_MAKE, bearer, made


def test_a_key_is_rotated_with_grace(api, tenant):
    """Both secrets work while the grace lasts, then only the new one; the key stays the same one."""
    key = made(api)
    place = f"{KEYS}/{key['id']}"
    turned = bearer(key["key"]).post(f"{place}/rotations", {"grace_s": 3600})
    assert turned.status_code == 201, turned.content
    assert turned.json()["id"] == key["id"]
    assert turned.json()["prefix"] != key["prefix"]
    for secret in (key["key"], turned.json()["key"]):
        assert bearer(secret).get(KEYS).status_code == 200
    ApiKey.objects.filter(pk=key["id"]).update(former_until=timezone.now())
    assert bearer(key["key"]).get(KEYS).status_code == 401
    assert bearer(turned.json()["key"]).get(KEYS).status_code == 200
    assert bearer(turned.json()["key"]).post(f"{place}/rotations", {"grace_s": 86_401}).status_code == 422


def test_a_rotation_without_grace_ends_the_old_secret_at_once(api, tenant):
    """Nothing is said of a grace: the old secret is gone with the answer."""
    key = made(api)
    turned = bearer(key["key"]).post(f"{KEYS}/{key['id']}/rotations").json()
    assert bearer(key["key"]).get(KEYS).status_code == 401
    assert bearer(turned["key"]).get(KEYS).status_code == 200


def test_only_who_stands_above_a_key_rotates_it(api, tenant):
    """A sibling, a child, and an administrator who did not make it would gain a secret that is not theirs."""
    parent, sibling = made(api), made(api)
    child = made(bearer(parent["key"]))
    for client, place in ((sibling, parent), (child, parent), (sibling, child)):
        refused = bearer(client["key"]).post(f"{KEYS}/{place['id']}/rotations")
        assert refused.status_code == 403
    assert bearer(parent["key"]).post(f"{KEYS}/{child['id']}/rotations").status_code == 201
    admin = User.objects.create_user("admin@acme.example")
    Membership.objects.create(user=admin, role=Role.ADMIN)
    _, other = api_keys.make("admin's", scopes=READ_AND_MAKE, created_by_id=admin.pk)
    assert bearer(other).post(f"{KEYS}/{parent['id']}/rotations").status_code == 403
