"""Every entry of staff into the admin stands in the platform's log, with the way they came."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from tenants import audit
from tenants.models import User
from tenants.second_factor import authenticator

ADMIN = "/admin/"
WAY = "way"  # in the session: `password` or `openid`


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Record staff without a second factor at once; who has one is recorded when it is given."""
    if not request.path.startswith(ADMIN):
        return
    request.session[WAY] = "openid" if request.path.startswith("/admin/openid/") else "password"
    if authenticator.of(user) is None:
        record_entry(request, user, second_factor=False)


def record_entry(request: HttpRequest, user: User, *, second_factor: bool) -> None:
    """Write that somebody of the staff is in."""
    audit.record_platform(
        "staff.signed_in",
        actor=f"staff:{user.pk}",
        object_type="user",
        object_id=user.pk,
        after={"way": request.session.get(WAY, ""), "second_factor": second_factor},
    )
