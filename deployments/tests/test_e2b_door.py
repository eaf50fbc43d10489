"""The door: code and programs of a tenant run through the real SDK, and each run is a row and an entry of the ledger."""

import os
import signal

import pytest
from e2b_code_interpreter import Sandbox

from billing.models import LedgerEntry
from billing.subscriptions import subscribe
from deployments import execution, sandbox_runs
from deployments.models import SandboxRun
from deployments.sandboxes.contract import SandboxError, SandboxRefused, SandboxUnavailable
from deployments.sandboxes.e2b import Where, open_sandbox
from deployments.sandboxes.outcomes import SandboxBusy
from deployments.sandboxes.permit import Permit
from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import our_server, server_fixture  # noqa: F401
from deployments.tests.sandboxes_here import sandboxes_fixture  # noqa: F401
from miosa.environment import environment

pytestmark = [needs_boxes, pytest.mark.django_db, pytest.mark.usefixtures("sandboxes", "tenant")]


def test_it_works():
    """A script's output and exit code come back; the row and the ledger know of its box."""
    run = execution.run_code("import helper\nprint(helper.NAME)", files={"helper.py": "NAME = 'box'"})
    assert (run.exit_code, run.stdout, run.stderr, run.timed_out) == (0, "box\n", "", False)
    row = SandboxRun.objects.get()
    assert (row.state, row.exit_code, row.stdout, row.files_count) == ("completed", 0, "box\n", 1)
    assert row.box_ms > row.duration_ms > 0
    entry = LedgerEntry.objects.get(source="sandbox_run")
    assert (entry.meter, entry.quantity, entry.source_id) == ("sandbox_ms", row.box_ms, str(row.pk))


@pytest.mark.parametrize(
    ("code", "exit_code", "told"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os; os.kill(os.getpid(), 11)", 139, ""),
        ("print('x", 1, "SyntaxError"),
    ],
)
def test_the_exit_code_is_the_shells(code, exit_code, told):
    """Exits, exceptions and signals are told apart as a shell tells them."""
    run = execution.run_code(code)
    assert run.exit_code == exit_code
    assert told in run.stderr


def test_its_time_is_limited():
    """What was printed until then is kept, and the run says why it ended."""
    run = execution.run_code("print('begun', flush=True)\nwhile True: pass", timeout_s=1)
    assert (run.timed_out, run.exit_code, run.stdout) == (True, 137, "begun\n")
    assert "the time was up" in run.stderr


def test_a_program_is_files_and_commands():
    """Files of any kind, commands until one fails, and what they made is brought back."""
    done = execution.run_program(
        {"src/app.py": "print('app')", "data.bin": bytes(range(256)), "names/ü 1.txt": "x"},
        [
            "python3 src/app.py",
            "mkdir -p out && cp data.bin out/copy.bin && echo made > out/note.txt",
            "exit 5",
            "echo never",
        ],
        bring_back=["out", "missing"],
    )
    assert done.exit_code == 5
    assert [command.exit_code for command in done.commands] == [0, 0, 5]
    assert done.stdout == "app\n"
    assert "$ python3 src/app.py\napp\n" in done.output
    assert done.files == {"out/copy.bin": bytes(range(256)), "out/note.txt": b"made\n"}
    assert SandboxRun.objects.get().commands[2] == "exit 5"


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "", "a//b", "a\nb"])
def test_files_outside_the_home_are_refused(path):
    """Nothing is opened, kept or counted."""
    with pytest.raises(SandboxRefused):
        execution.run_program({path: "x"}, "true")
    assert not SandboxRun.objects.exists()


def test_without_a_server_nothing_runs():
    """There is no way round a box: the sentence says what to do."""
    with pytest.MonkeyPatch.context() as alone:  # over before the fixture puts back what it found
        alone.setenv("MIOSA_SANDBOXES_URL", "")
        environment.cache_clear()
        with pytest.raises(SandboxUnavailable, match=r"manage\.py serve"):
            execution.run_code("print(1)")
    environment.cache_clear()
    assert not SandboxRun.objects.exists()


def test_without_bubblewrap_nothing_runs(monkeypatch):
    """The sentence names the package."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        execution.run_code("print(1)")


def test_the_months_minutes_are_a_limit():
    """What the plan allows is used up: refused before a box is opened."""
    SandboxRun.objects.create(sandbox="bubblewrap", box_ms=60 * 60_000)
    with pytest.raises(SandboxRefused, match="60 sandbox minutes"):
        execution.run_code("print(1)")
    subscribe("enterprise")
    assert execution.run_code("print(1)").exit_code == 0


def test_only_so_many_boxes_at_once(monkeypatch):
    """The plan's number is a wall; who finds no place says so in its row."""
    monkeypatch.setattr(execution, "PATIENCE_S", 0.2)
    taken = [sandbox_runs.open_run(sandbox="bubblewrap") for _ in range(2)]
    for row in taken:
        assert sandbox_runs.claim(row.pk, boxes=2) == 1
    with pytest.raises(SandboxBusy, match="All 2 boxes"):
        execution.run_code("print(1)")
    assert SandboxRun.objects.filter(state="failed", error__contains="All 2 boxes").count() == 1


def test_a_box_without_allowed_hosts_has_no_network():
    """The free plan allows none, so asking for one is refused by the server itself."""
    with pytest.raises(SandboxRefused, match=r"no network to pypi\.org"):
        execution.run_program({}, "true", hosts=["pypi.org"])
    assert SandboxRun.objects.get().state == "failed"


def test_the_sdks_variables_for_another_server_still_work(sandboxes, monkeypatch):
    """The pinned SDK takes a server's address from E2B_API_URL and E2B_SANDBOX_URL as well."""
    monkeypatch.setenv("E2B_API_URL", sandboxes.address)
    monkeypatch.setenv("E2B_SANDBOX_URL", sandboxes.address)
    monkeypatch.setenv("E2B_HTTP_VERSION", "1.1")
    monkeypatch.setenv("E2B_API_KEY", sandboxes.key(tenant="by-variables"))
    sandbox = Sandbox.create(timeout=30)
    try:
        assert sandbox.commands.run("echo here").stdout == "here\n"
    finally:
        sandbox.kill()


def test_a_server_that_dies_under_a_run_is_told():
    """The run ends as one whose box ended, and another try is refused as unavailable."""
    with our_server() as dying:
        where, permit = Where(sandboxes_url=dying.url), Permit("t")
        with open_sandbox(where, permit, lifetime_s=60) as sandbox:
            os.kill(dying.process.pid, signal.SIGKILL)
            dying.process.wait(10)
            with pytest.raises(SandboxError):
                sandbox.command("sleep 30", timeout_s=20)
        with pytest.raises(SandboxUnavailable), open_sandbox(where, permit, lifetime_s=60):
            pass
