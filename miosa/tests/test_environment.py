"""The environment is read once, typed and frozen, and refuses a wrong value by name."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from miosa.environment import ROOT, Environment, InvalidEnvironment, effects, environment, export, read

STRONG = "kq3ZtV8mXc1pLw9sRb7nYd2fGh6jTa4uEe0oIiQv"
SECRETS = [
    "DATABASE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL", "REDIS_URL", "GROQ_API_KEY", "KIMI_API_KEY",
    "JWT_SECRET", "E2B_API_KEY", "RENDER_API_KEY", "STRIPE_SECRET_KEY",
]  # fmt: skip
LOGINS = {
    "DATABASE_URL": "postgresql://app:a@db/miosa",
    "DATABASE_PLATFORM_URL": "postgresql://platform:b@db/miosa",
    "DATABASE_OWNER_URL": "postgresql://owner:c@db/miosa",
}


def test_it_works_with_nothing_set():
    """An empty process gives the defaults of a bare machine."""
    bare = read({})
    assert (bare.host, bare.port, bare.debug, bare.state_dir) == ("127.0.0.1", 8000, False, ROOT / ".miosa")
    assert (bare.database_url, bare.jwt_secret, bare.model_threads) == ("", "", 1)
    assert bare.groq_base_url == "https://api.groq.com/openai/v1"


def test_every_value_is_typed():
    """Text from outside becomes numbers, flags, paths and tuples."""
    typed = read(
        {
            "MIOSA_PORT": "8123", "MIOSA_DEBUG": "Yes", "MIOSA_STATE": "elsewhere", "MIOSA_HOST": "[::]",
            "MIOSA_ALLOWED_HOSTS": "miosa.example, .example.org", "LOCAL_MODEL_URL": "http://127.0.0.1:8080/v1/",
        }
    )  # fmt: skip
    assert (typed.port, typed.debug, typed.state_dir) == (8123, True, ROOT / "elsewhere")
    assert (typed.host, typed.allowed_hosts) == ("::", ("miosa.example", ".example.org"))
    assert typed.local_model_url == "http://127.0.0.1:8080/v1"


def test_it_is_frozen():
    """Nobody changes a setting after it was read."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        read({}).port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DATABASE_URL", "mysql://root@db/miosa", "must start with postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql:///miosa", "must name a host"),
        ("DATABASE_URL", "postgresql://u:p@db:99999/miosa", "port as a number up to 65535"),
        ("DATABASE_URL", "postgresql://u:p@db:0/miosa", "must name a host"),
        ("DATABASE_URL", "postgresql://u:p@[db/miosa", "is not a URL"),
        ("REDIS_URL", "http://cache:6379", "must start with redis:// or rediss://"),
        ("LOCAL_MODEL_URL", "127.0.0.1:8080", "must start with http:// or https://"),
        ("EMBEDDINGS_URL", "ftp://host", "must start with http:// or https://"),
        ("GROQ_BASE_URL", "https://api groq.com", "without spaces"),
        ("KIMI_BASE_URL", "moonshot", "must start with https:// or http://"),
        ("GROQ_API_KEY", "gsk_one two", "paste the bare key"),
        ("KIMI_API_KEY", "sk-one\nsk-two", "paste the bare key"),
        ("E2B_API_KEY", '"e2b_123"', "paste the bare key"),
        ("RENDER_API_KEY", "rnd_é", "paste the bare key"),
        ("STRIPE_SECRET_KEY", "sk_test\t1", "paste the bare key"),
        ("JWT_SECRET", "Xy7!", "shorter than 32 bytes"),
        ("JWT_SECRET", "a" * 64, "guessable"),
        ("JWT_SECRET", "django-insecure-" + STRONG, "well-known"),
        ("JWT_SECRET", "a-string-secret-at-least-256-bits-long", "well-known"),
        ("JWT_SECRET", "please-ChangeMe-before-production-1234567", "well-known"),
        ("MIOSA_PORT", "0", "from 1 to 65535"),
        ("MIOSA_PORT", "65536", "from 1 to 65535"),
        ("MIOSA_PORT", "eighty", "from 1 to 65535"),
        ("MIOSA_PORT", "²", "from 1 to 65535"),
        ("MIOSA_MODEL_THREADS", "0", "from 1 to 256"),
        ("MIOSA_DATABASE_POOL", "-1", "from 1 to 1000"),
        ("MIOSA_DEBUG", "maybe", "must be 1 or 0"),
        ("MIOSA_SECURE_COOKIES", "2", "must be 1 or 0"),
        ("MIOSA_HOST", "http://localhost", "without http://"),
        ("MIOSA_HOST", "300.1.1.1", "an address or a host name"),
        ("MIOSA_ALLOWED_HOSTS", "https://miosa.example", "without http://"),
        ("MIOSA_ALLOWED_HOSTS", " , ", "separated by commas"),
        ("MIOSA_STATE", __file__, "leads to a file"),
        ("MIOSA_STATE", f"{__file__}/below", "leads to a file"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, advice):
    """The message begins with the variable's name, says what to do, and never repeats the value."""
    with pytest.raises(InvalidEnvironment) as refusal:
        read({name: value})
    assert str(refusal.value).startswith(f"{name} ")
    assert advice in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert value not in str(refusal.value).removeprefix(name)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(name, tmp_path):
    """NAME_FILE gives the value, without the newline an editor leaves."""
    values = {"JWT_SECRET": STRONG, "REDIS_URL": "redis://cache:6379/1"} | LOGINS
    file = tmp_path / "secret"
    file.write_text(values.get(name, "key_123") + "\n")
    beside = {other: url for other, url in LOGINS.items() if name in LOGINS and other != name}
    assert getattr(read({f"{name}_FILE": str(file)} | beside), name.lower()) == values.get(name, "key_123")


def test_an_unreadable_secret_file_is_refused_by_name(tmp_path):
    """A missing file, a folder, an empty file and a binary one each name the variable and the cause."""
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path, cause in [
        ("missing", "No such file"), ("", "directory"), ("empty", "empty file"), ("binary", "not UTF-8")
    ]:  # fmt: skip
        with pytest.raises(InvalidEnvironment, match=f"^GROQ_API_KEY_FILE names .*{cause}"):
            read({"GROQ_API_KEY_FILE": str(tmp_path / path) if path else str(tmp_path)})


def test_a_file_without_permission_is_refused_by_name(tmp_path):
    """An account that may not read the file gets one line, not a traceback."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another account")
    tmp_path.parent.parent.chmod(0o711)
    tmp_path.parent.chmod(0o711)
    tmp_path.chmod(0o711)
    file = tmp_path / "key"
    file.write_text("gsk_123")
    file.chmod(0o600)
    code = "import os, sys; from miosa.environment import read; os.setuid(65534); read({'GROQ_API_KEY_FILE': sys.argv[1]})"
    run = subprocess.run(
        [sys.executable, "-c", code, file], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "GROQ_API_KEY_FILE names a file that cannot be read (Permission denied)" in run.stderr


def test_both_forms_at_once_are_refused(tmp_path):
    """A variable and its file at once would leave open which one counts."""
    with pytest.raises(InvalidEnvironment, match=r"^KIMI_API_KEY and KIMI_API_KEY_FILE are both set"):
        read({"KIMI_API_KEY": "sk-1", "KIMI_API_KEY_FILE": str(tmp_path)})


def test_only_secrets_are_read_from_files(tmp_path):
    """MIOSA_PORT_FILE means nothing."""
    assert read({"MIOSA_PORT_FILE": str(tmp_path / "missing")}).port == 8000


def test_the_process_wins_over_dot_env(tmp_path):
    """`.env` fills what the process does not name; an empty value in the process hides the file's."""
    file = tmp_path / ".env"
    file.write_text("MIOSA_PORT=9001\nGROQ_API_KEY=gsk_$file\nKIMI_API_KEY=sk-file\nUNFINISHED\n")
    merged = read({"MIOSA_PORT": "9002", "KIMI_API_KEY": ""}, env_file=file)
    assert (merged.port, merged.groq_api_key, merged.kimi_api_key) == (9002, "gsk_$file", "")


def test_a_process_value_hides_the_file_named_in_dot_env(tmp_path):
    """One source decides for both forms of a variable: these two are no conflict."""
    file = tmp_path / ".env"
    file.write_text(f"GROQ_API_KEY_FILE={tmp_path / 'missing'}\n")
    assert read({"GROQ_API_KEY": "gsk_process"}, env_file=file).groq_api_key == "gsk_process"


def test_a_broken_dot_env_is_refused_by_name(tmp_path):
    """A `.env` that is no text is named."""
    file = tmp_path / ".env"
    file.write_bytes(b"A=\xff\xfe")
    with pytest.raises(InvalidEnvironment, match=r"\.env cannot be read \(it is not UTF-8 text\)"):
        read({}, env_file=file)


def test_no_secret_shows_in_the_repr():
    """Printing the environment is harmless: keys, passwords in URLs and the signing secret stay out."""
    values = {name: "hidden-key-1" for name in SECRETS if name.endswith("KEY")} | {"JWT_SECRET": STRONG}
    values |= {name: url.replace("@", "-hidden-2@") for name, url in LOGINS.items()}
    values["REDIS_URL"] = "redis://:hidden-3@cache"
    shown = repr(read(values))
    assert "hidden" not in shown
    assert STRONG not in shown
    assert "port=8000" in shown


def test_database_logins_come_together():
    """An owner needs a platform login beside it, both need the application's, and no two may share a role."""
    assert read(LOGINS).database_owner_url == LOGINS["DATABASE_OWNER_URL"]
    assert (
        read({name: LOGINS[name] for name in ("DATABASE_URL", "DATABASE_PLATFORM_URL")}).database_owner_url
        == ""
    )
    with pytest.raises(
        InvalidEnvironment, match=r"^DATABASE_PLATFORM_URL is missing beside DATABASE_OWNER_URL"
    ):
        read({name: url for name, url in LOGINS.items() if name != "DATABASE_PLATFORM_URL"})
    with pytest.raises(InvalidEnvironment, match=r"^DATABASE_URL is missing beside DATABASE_PLATFORM_URL"):
        read({"DATABASE_PLATFORM_URL": LOGINS["DATABASE_PLATFORM_URL"]})
    with pytest.raises(InvalidEnvironment, match="each needs its own role"):
        read(LOGINS | {"DATABASE_PLATFORM_URL": "postgresql://app:a@other/miosa"})


def test_export_and_read_again_give_the_same(tmp_path):
    """A child process reads exactly its parent's environment, and no NAME_FILE or `.env` can change it."""
    file = tmp_path / "key"
    file.write_text("gsk_123")
    first = read(
        {"GROQ_API_KEY_FILE": str(file), "MIOSA_DEBUG": "1", "MIOSA_ALLOWED_HOSTS": "a.example,b.example"}
    )
    given = {"GROQ_API_KEY_FILE": str(file)}
    export(first, given)
    dot_env = tmp_path / ".env"
    dot_env.write_text("KIMI_API_KEY=sk-late\nGROQ_API_KEY_FILE=/nowhere\n")
    assert read(given, env_file=dot_env) == first


def test_the_process_environment_is_read_once():
    """`environment()` answers the same value until somebody exports another."""
    assert environment() is environment()
    assert isinstance(environment(), Environment)


def test_each_absent_key_has_a_plain_effect():
    """The operator reads what is missing and what that means; keys nothing uses yet say so."""
    told = {
        effect.name: effect for effect in effects(read({"GROQ_API_KEY": "gsk_1", "E2B_API_KEY": "e2b_1"}))
    }
    assert list(told) == [
        "STRIPE_SECRET_KEY", "E2B_API_KEY", "RENDER_API_KEY", "MIOSA_MAIL_URL", "OIDC_ISSUER", "DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL", "GROQ_API_KEY", "KIMI_API_KEY", "JWT_SECRET",
        "LOCAL_MODEL_URL", "EMBEDDINGS_URL",
    ]  # fmt: skip
    assert told["GROQ_API_KEY"].present
    assert not told["KIMI_API_KEY"].present
    assert told["E2B_API_KEY"].effect == "code runs in E2B's cloud"
    assert not told["RENDER_API_KEY"].present
    assert told["STRIPE_SECRET_KEY"].effect == "the ledger keeps counting, no invoices are made"


def test_what_the_embedded_services_filled_in_still_counts_as_absent():
    """A child that got DATABASE_URL from the embedded server tells the operator so."""
    values = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:5/miosa", "MIOSA_FILLED": "DATABASE_URL,JWT_SECRET"}
    told = {effect.name: effect for effect in effects(read(values))}
    assert not told["DATABASE_URL"].present
    assert told["DATABASE_URL"].effect == "an embedded PostgreSQL runs here"


def test_settings_come_from_no_other_place():
    """`os.environ` is read in `read`, `value_of` and `export` alone: paths and keys cannot slip in sideways."""
    source = Path(ROOT / "miosa" / "environment.py").read_text()
    assert source.count("os.environ") == 3
