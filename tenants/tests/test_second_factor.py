"""The second factor of staff: enrolled with an app, and asked for before anything else."""

from dataclasses import replace

import pytest

from miosa.pg.platform import platform
from tenants.models import RecoveryCode, User
from tenants.tests.staff_browser import (
    CODE_PAGE,
    ENROLMENT,
    PASSWORD,
    code_of,
    enrolled,
    recorded,
    secret_on,
    with_password,
)

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def ada():
    with platform():
        return User.objects.create_superuser("ada@miosa.example", PASSWORD)


@pytest.fixture
def required(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, staff_second_factor="required")


def test_it_shows_the_secret_as_picture_and_text(ada):
    """The page holds an inline picture of the app's address and the secret for typing, kept by no cache."""
    client = with_password()
    page = client.get(ENROLMENT)
    text = page.content.decode()
    assert "<svg" in text
    assert len(secret_on(page).replace(" ", "")) == 32
    assert "no-store" in page["Cache-Control"]
    assert secret_on(client.get(ENROLMENT)) == secret_on(page)


def test_it_asks_for_the_code_after_the_password(ada):
    """With a confirmed app the password opens the code page alone, and the code the admin; both are recorded."""
    secret, _ = enrolled(with_password())
    client = with_password()
    for path in ("/admin/", "/admin/tenants/user/", "/admin/password_change/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(CODE_PAGE), path
    page = client.get(f"{CODE_PAGE}?next=/admin/tenants/user/")
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.content.decode()
    answer = client.post(CODE_PAGE, {"code": code_of(secret), "next": "/admin/tenants/user/"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/tenants/user/")
    assert client.get("/admin/tenants/user/").status_code == 200
    assert recorded() == [
        ("staff.signed_in", False),
        ("second_factor.enabled", None),
        ("staff.signed_in", True),
    ]


def test_a_posted_change_waits_for_the_code_too(ada):
    """Nothing can be written before the code either, and a dialogue is told where to go."""
    enrolled(with_password())
    client = with_password()
    form = {"email": "eve@miosa.example", "password1": "eve-password-12", "password2": "eve-password-12"}
    assert client.post("/admin/tenants/user/add/", form)["Location"] == CODE_PAGE
    told = client.get("/admin/", headers={"HX-Request": "true"})
    assert told["HX-Redirect"].startswith(CODE_PAGE)
    with platform():
        assert not User.objects.filter(email="eve@miosa.example").exists()


def test_who_has_none_comes_in_with_the_password_alone(ada):
    """Optional is the default: without an app nothing is asked."""
    assert with_password().get("/admin/").status_code == 200
    assert recorded() == [("staff.signed_in", False)]


def test_where_it_is_required_enrolling_comes_first(ada, required):
    """Without an app every page leads to the enrolment, and after it the admin is open."""
    client = with_password()
    for path in ("/admin/", "/admin/tenants/user/"):
        assert client.get(path)["Location"].startswith(ENROLMENT)
    assert "Everybody of the staff needs one" in client.get(ENROLMENT).content.decode()
    enrolled(client)
    assert client.get("/admin/").status_code == 200


def test_a_code_is_good_once(ada):
    """The code that was just used opens nothing a second time, in another browser."""
    secret, _ = enrolled(with_password())
    code = code_of(secret)
    assert with_password().post(CODE_PAGE, {"code": code}).status_code == 302
    late = with_password()
    answer = late.post(CODE_PAGE, {"code": code})
    assert answer.status_code == 200
    assert "used already" in answer.content.decode()
    assert late.get("/admin/").status_code == 302


def test_a_recovery_code_is_good_once(ada):
    """Without the app a recovery code lets in, in any writing, and never again."""
    _, codes = enrolled(with_password())
    assert with_password().post(CODE_PAGE, {"code": codes[0].upper().replace("-", " ")}).status_code == 302
    assert with_password().post(CODE_PAGE, {"code": codes[0]}).status_code == 200
    with platform():
        assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_a_session_from_before_has_to_give_the_code(ada):
    """Turning it on closes every other session of the person until the code is given there."""
    other, client = with_password(), with_password()
    assert other.get("/admin/").status_code == 200
    enrolled(client)
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/")["Location"].startswith(CODE_PAGE)
