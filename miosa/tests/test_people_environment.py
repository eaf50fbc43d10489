"""The variables of mail, the public address, the OpenID provider and the second factor."""

import pytest

from miosa.environment import InvalidEnvironment, read
from miosa.people_environment import mail_sender, public_base


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("MIOSA_PUBLIC_URL", "miosa.example", "must start with https:// or http://"),
        ("MIOSA_MAIL_URL", "http://mail.example", "must start with smtp:// or smtps://"),
        ("MIOSA_MAIL_FROM", "Miosa <miosa@example.org>", "one bare e-mail address"),
        ("OIDC_ISSUER", "http://login.example.org", "must start with https://"),
        ("OIDC_ISSUER", "https://login.example.org/?tenant=1", "without a query"),
        ("OIDC_CLIENT_SECRET", "one two", "paste the bare key"),
        ("OIDC_NAME", "x" * 41, "up to 40 printable"),
        ("MIOSA_STAFF_SECOND_FACTOR", "maybe", "must be optional or required"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, advice):
    """The message begins with the variable's name and says what to do."""
    with pytest.raises(InvalidEnvironment) as refusal:
        read({name: value})
    assert str(refusal.value).startswith(f"{name} ")
    assert advice in str(refusal.value)
    assert value not in str(refusal.value).removeprefix(name)


def test_no_secret_shows_in_the_repr():
    """The mail server's password and the secret at the provider stay out of every print."""
    given = {
        "MIOSA_MAIL_URL": "smtp://us:hidden-1@mail.example.org:587",
        "OIDC_ISSUER": "https://login.example.org",
        "OIDC_CLIENT_ID": "miosa",
        "OIDC_CLIENT_SECRET": "hidden-2",
    }
    assert "hidden" not in repr(read(given))
    assert read(given).oidc_client_secret == "hidden-2"


def test_a_provider_and_our_name_there_come_together():
    """An OpenID issuer without a client id, or a client id without an issuer, is refused by the missing name."""
    with pytest.raises(InvalidEnvironment, match=r"^OIDC_CLIENT_ID is missing beside OIDC_ISSUER"):
        read({"OIDC_ISSUER": "https://login.example.org"})
    with pytest.raises(InvalidEnvironment, match=r"^OIDC_ISSUER is missing beside OIDC_CLIENT_ID"):
        read({"OIDC_CLIENT_ID": "miosa"})
    given = read({"OIDC_ISSUER": "https://login.example.org/", "OIDC_CLIENT_ID": "miosa"})
    assert (
        given.oidc_issuer == "https://login.example.org/"
    )  # to the letter: it is compared with what tokens say


def test_links_lead_to_the_public_address():
    """MIOSA_PUBLIC_URL begins every link; without it the address that is listened on does."""
    assert public_base(read({}), host="127.0.0.1", port=8000) == "http://127.0.0.1:8000"
    assert public_base(read({}), host="0.0.0.0", port=80) == "http://127.0.0.1:80"
    assert public_base(read({}), host="fd00::1", port=80) == "http://[fd00::1]:80"
    named = read({"MIOSA_PUBLIC_URL": "https://miosa.example.org/"})
    assert public_base(named, host="0.0.0.0", port=80) == "https://miosa.example.org"
    assert mail_sender(named) == "miosa@miosa.example.org"
    assert mail_sender(read({"MIOSA_MAIL_FROM": "post@example.org"})) == "post@example.org"
