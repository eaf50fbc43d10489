"""Whose pages may send forms: those of the hosts that the site is allowed to have."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import RequestFactory, override_settings

from miosa.environment import read


def answer(_request):
    return HttpResponse("done")


@pytest.mark.parametrize(
    ("origin", "is_let"),
    [
        ("https://miosa.example", True),
        ("https://example.org", True),
        ("https://a.example.org", True),
        ("https://evil.example", False),
        ("http://miosa.example", False),
    ],
)
def test_pages_of_every_allowed_host_may_send_forms(origin, is_let):
    """Also those below a host that is named with a dot; whoever leads a name of theirs here may not."""
    hosts = read({"MIOSA_ALLOWED_HOSTS": "miosa.example, .example.org, *, localhost"})
    first = RequestFactory().get("/")
    form = {"csrfmiddlewaretoken": get_token(first)}
    sent = RequestFactory().post("/", form, headers={"origin": origin})
    sent.COOKIES[settings.CSRF_COOKIE_NAME] = first.META["CSRF_COOKIE"]
    with override_settings(CSRF_TRUSTED_ORIGINS=list(hosts.trusted_origins)):
        refused = CsrfViewMiddleware(answer).process_view(sent, answer, (), {})
    assert (refused is None) == is_let
