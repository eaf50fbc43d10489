"""Tools are offered, checked, permitted, done and recorded; what goes wrong is told to whoever asked."""

import pytest

from agents import control, tool_rules
from agents.ceilings import Stopped
from agents.contract import Effect, NotYet
from agents.insight import events_after
from agents.models import ToolUse
from agents.permission import Verdict, verdict
from agents.tests.tool_scene import again, begun, use
from agents.tests.tool_scene import turn as round_of
from deployments import approval_policies, approvals
from deployments.models import Approval
from miosa.http.problem import Conflict
from tenants.models import AuditEntry

SECRET = "https://127.0.0.1/?secret=4711"
DEPLOY = {"project": "shop", "release": 1}


def waits(bench):
    """Ask to deploy: nobody has agreed, so the step is postponed. Return the approval that it waits for."""
    with pytest.raises(NotYet) as wait:
        use(bench, "deploy_release", **DEPLOY)
    row = Approval.objects.get(kind="tool.use")
    assert str(row.pk) in wait.value.why
    return row


def decide(row, *, approve):
    approvals.decide(row.pk, approve=approve, digest=row.digest, actor="user:boss", note="not today")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("make_tea", {}), "There is no tool make_tea"),
        (("read_file", None), "no JSON object"),
        (("read_file", {"path": 3}), "path: 3 is not of type 'string'"),
        (("read_file", {"path": "a", "mode": "rw"}), "'mode' was unexpected"),
        (("write_file", {"path": "../up", "content": ""}), "are not taken"),
        (("read_file", {"path": "nothing.txt"}), "There is no file nothing.txt"),
    ],
)
def test_bad_uses_are_told_and_harm_nothing(tenant, asked, told):
    """A tool that is not there, arguments that do not fit, a path that leads out: each is answered in words."""
    returned = round_of(begun(tenant), asked).returned[0]
    assert (returned.ok, returned.origin) == (False, "the toolbox")
    assert told in returned.text


def test_a_round_is_recorded_with_its_events(tenant):
    """Each use has a row and two events; what a model wrote and what came back stand in it."""
    bench = begun(tenant)
    turn = round_of(bench, ("write_file", {"path": "a.txt", "content": "one"}), ("list_files", {}), said="so")
    assert [one.ok for one in turn.returned] == [True, True]
    rows = list(ToolUse.objects.order_by("place"))
    assert [(row.tool, row.state, row.said) for row in rows] == [
        ("write_file", "done", "so"),
        ("list_files", "done", ""),
    ]
    told = [e for e in events_after(bench.execution.pk, 0).events if e["kind"].startswith("tool_")]
    assert [one["kind"] for one in told] == ["tool_called", "tool_returned"] * 2
    assert told[1]["data"]["files"] == ["a.txt"]


def test_a_step_done_anew_finds_its_rounds(tenant):
    """Nothing that ended is done again, also not what failed; the files are there."""
    bench = begun(tenant)
    use(bench, "write_file", path="a.txt", content="one")
    use(bench, "read_file", path="b.txt")
    later = again(tenant, bench.step)
    before = list(ToolUse.objects.order_by("round").values_list("pk", "finished"))
    turns = later.earlier()
    assert [turn.returned[0].ok for turn in turns] == [True, False]
    assert list(ToolUse.objects.order_by("round").values_list("pk", "finished")) == before
    assert later.read("a.txt") == b"one"


def test_what_had_begun_is_begun_again_under_its_id(tenant):
    """A worker that died between row and record: the same row is brought to its end."""
    bench = begun(tenant)
    use(bench, "list_files")
    row = ToolUse.objects.get()
    ToolUse.objects.update(state="running", output="", finished=None)
    turns = again(tenant, bench.step).earlier()
    assert turns[0].returned[0].text == "There are no files yet."
    assert [(one.pk, one.state) for one in ToolUse.objects.all()] == [(row.pk, "done")]


def test_a_person_is_asked_before_something_changes(tenant):
    """The step waits across restarts for one and the same approval; a yes lets it go on, once."""
    bench = begun(tenant)
    row = waits(bench)
    assert row.effect["arguments"] == DEPLOY
    with pytest.raises(NotYet):
        again(tenant, bench.step).earlier()
    assert Approval.objects.filter(kind="tool.use").count() == 1
    decide(row, approve=True)
    returned = again(tenant, bench.step).earlier()[0].returned[0]
    assert returned.text == "There is no project shop."  # it was tried


def test_a_policy_that_is_changed_meanwhile_does_not_ask_again(tenant):
    """What was asked stays asked: the answer to it is the answer."""
    bench = begun(tenant)
    row = waits(bench)
    approval_policies.make({"kind": "tool", "tool_kinds": ["writes"]}, actor="user:boss")
    with pytest.raises(NotYet, match=str(row.pk)):
        again(tenant, bench.step).earlier()
    decide(row, approve=True)
    assert again(tenant, bench.step).earlier()[0].returned[0].text == "There is no project shop."
    assert Approval.objects.count() == 1


def test_nobody_says_yes_to_what_was_cancelled(tenant):
    """The question ends with its execution."""
    bench = begun(tenant)
    row = waits(bench)
    control.cancel(bench.execution.pk)
    with pytest.raises(Conflict, match="was withdrawn"):
        decide(row, approve=True)
    assert AuditEntry.objects.filter(action="approval.withdrawn").count() == 1


def test_a_no_is_told_and_nothing_is_done(tenant):
    """Whoever asked hears that a person said no, with the person's words."""
    bench = begun(tenant)
    decide(waits(bench), approve=False)
    returned = again(tenant, bench.step).earlier()[0].returned[0]
    assert (returned.ok, "user:boss said no" in returned.text, "not today" in returned.text) == (
        False,
        True,
        True,
    )
    assert ToolUse.objects.get().state == "refused"


def test_the_plan_may_permit_and_the_tenant_decides(tenant):
    """A tool that the plan names is used without asking; a tenant's rule wins over the plan, and is audited."""
    bench = begun(tenant)
    bench.step.permits = ["deploy_release"]
    assert use(bench, "deploy_release", **DEPLOY).text == "There is no project shop."
    tool_rules.decide("deploy_*", "deny", actor="user:boss")
    assert use(bench, "deploy_release", **DEPLOY).text == "Refused: deploy_release may not be used here."
    assert "deploy_release" not in {one.name for one in bench.tools()}
    assert AuditEntry.objects.filter(action="tool_rule.set").count() == 1


def test_the_longest_pattern_decides():
    """A rule for one tool wins over one for many."""
    rules = {"*": "deny", "read_*": "allow", "read_file": "ask"}
    verdicts = [
        verdict(name, Effect.READS, rules=rules) for name in ("read_file", "read_repository", "run_python")
    ]
    assert verdicts == [Verdict.ASK, Verdict.ALLOW, Verdict.DENY]


def test_the_third_same_use_stops_it(tenant):
    """Also across a restart; but the same tests over files that changed are another use."""
    bench = begun(tenant)
    for content in "abc":
        use(bench, "write_file", path="a.txt", content=content)
        use(bench, "read_file", path="a.txt")
    later = again(tenant, bench.step)
    later.earlier()
    use(later, "read_file", path="a.txt")
    with pytest.raises(Stopped, match="read_file 3 times"):
        use(later, "read_file", path="a.txt")


def test_long_output_is_cut_and_says_so(tenant):
    """What comes back has a limit; the file itself is whole."""
    bench = begun(tenant)
    use(bench, "write_file", path="a.txt", content="x" * 70_000)
    returned = use(bench, "read_file", path="a.txt")
    assert returned.text.endswith("[cut: 10000 more characters]")
    assert len(bench.read("a.txt")) == 70_000


def test_another_tenant_sees_nothing_of_it(tenant, other_tenant):
    """Uses and files are rows of their tenant."""
    bench = begun(tenant)
    use(bench, "write_file", path="a.txt", content="one")
    from django_tenants.utils import tenant_context

    with tenant_context(other_tenant):
        assert not ToolUse.objects.exists()
        assert begun(other_tenant).files() == {}


def test_an_address_that_nobody_named_is_asked_about(tenant):
    """What an agent made up could carry something out; what stands in a file that was handed in may be read."""
    bench = begun(tenant)
    with pytest.raises(NotYet):
        use(bench, "fetch_page", url=SECRET)
    assert Approval.objects.get().effect["effect"] == "sends"
    later = begun(tenant, files={"links.txt": b"see https://127.0.0.1/terms"})
    returned = use(later, "fetch_page", url="https://127.0.0.1/terms")
    assert "could not be fetched" in returned.text  # it was tried, and the guarded transport refused it


@pytest.mark.parametrize(
    "said",
    [
        [("write_file", {"path": "a", "content": SECRET}), ("read_file", {"path": "a"})],
        [("run_python", {"code": "print('https://127.0.0.1/' + '?secret=4711')"})],
        [("query_data", {"sql": f"SELECT '{SECRET}' FROM executions"})],
        [("recall_memory", {"text": "figures", "limit": SECRET})],
        [("fetch_page", {"url": [SECRET]})],
        [(SECRET, {})],
    ],
)
def test_an_agent_cannot_say_an_address_to_itself(tenant, said):
    """What its own files, code, questions and mistakes say back to it was written by nobody else."""
    bench = begun(tenant)
    for asked in said:
        assert SECRET in str(round_of(bench, asked).returned[0].text) or asked[0] == "write_file"
    with pytest.raises(NotYet):
        use(bench, "fetch_page", url=SECRET)
