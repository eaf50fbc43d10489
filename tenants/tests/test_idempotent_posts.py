"""Every POST of the API may be repeated safely, read from the URL conf; those that cannot be are named with the reason."""

import pytest

from miosa.doctor.route_map import routes
from miosa.testing.fixtures import client_of
from miosa.testing.flows import providers
from tenants.idempotency import IdempotentPost
from tenants.models import IdempotentRequest

# Without a credential there is no tenant to keep an answer in, and these answers are secrets or end one.
WITHOUT = {
    "tokens": "signing in again is harmless: each session is its own",
    "token-refresh": "a refresh token is good for one use; repeating it is how theft is noticed",
    "acceptances": "an invitation is good for one use: a repetition is told that it is taken",
}
# Whose repetition finds everything done, and changes nothing: no answer needs to be kept.
DONE_ALREADY = {
    "project-git-imports": "the same commit changes no file (test_git_transfers)",
    "release-git-pushes": "the same files are not pushed again (test_git_transfers)",
    "stripe-webhook": "the same event is kept once (test_stripe_webhooks)",
    "render-webhook": "it only makes the next look sooner (test_deployment_webhooks)",
}
POSTS = [one for one in routes() if one.path.startswith("/api/") and hasattr(one.view, "post")]
SECRETS = {"key", "token", "link", "access_token", "refresh_token", "secret", "value", "password"}
PREVIEW = "/api/v1/routing-decisions/preview"


@pytest.mark.parametrize("route", POSTS, ids=[one.path for one in POSTS])
def test_every_post_may_be_repeated(route):
    """The mixin stands before the view; the exceptions are public routes, and what is harmless by itself."""
    if route.name in WITHOUT:
        assert route.view.public
    elif route.name not in DONE_ALREADY:
        assert issubclass(route.view, IdempotentPost)
        assert route.view.perform is not IdempotentPost.perform


def test_no_stored_answer_holds_a_secret(api, tenant):
    """Whatever is made through the API: what is kept for a repetition has no member that is a secret."""
    again = {"Idempotency-Key": "k"}
    made = [
        api.post(
            "/api/v1/api-keys", {"name": "k", "scopes": ["agents:read", "api-keys:write"]}, headers=again
        ),
        api.post("/api/v1/invitations", {"email": "new@acme.example", "role": "viewer"}, headers=again),
    ]
    key = made[0].json()
    client = client_of(tenant)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key['key']}")
    made.append(client.post(f"/api/v1/api-keys/{key['id']}/rotations", headers=again))
    assert [answer.status_code for answer in made] == [201] * 3
    kept = list(IdempotentRequest.objects.values_list("body", flat=True))
    assert len(kept) == 3
    for body in kept:
        assert not SECRETS & set(body)
        assert not any(
            str(answer.json()[name]) in str(body) for answer in made for name in SECRETS & set(answer.json())
        )


def test_a_repeated_invitation_is_told(api, tenant):
    """409 names the invitation that was made; its link is not given again."""
    body, again = {"email": "new@acme.example", "role": "viewer"}, {"Idempotency-Key": "k"}
    first = api.post("/api/v1/invitations", body, headers=again)
    repeated = api.post("/api/v1/invitations", body, headers=again)
    assert (first.status_code, repeated.status_code) == (201, 409)
    assert repeated.json()["made"]["id"] == first.json()["id"]


def test_a_repeated_preview_is_the_first_answer(api, tenant):
    """Also where nothing is made: the same answer, marked."""
    body, again = {"task_kind": "chat"}, {"Idempotency-Key": "k"}
    with providers(groq="http://127.0.0.1:9"):
        first, repeated = (api.post(PREVIEW, body, headers=again) for _ in range(2))
    assert first.json() == repeated.json()
    assert first.status_code == 200, first.content
    assert repeated["Idempotent-Replayed"] == "true"


def test_the_same_key_of_another_credential_is_another_request(api, tenant):
    """Within a tenant a second caller who uses the same Idempotency-Key learns nothing of the first one's answer."""
    body, again = {"name": "k", "scopes": ["agents:read"]}, {"Idempotency-Key": "k"}
    assert api.post("/api/v1/api-keys", body, headers=again).status_code == 201
    refused = client_of(tenant).post("/api/v1/api-keys", body, headers=again)
    assert refused.status_code == 422
    assert "made" not in refused.json()
