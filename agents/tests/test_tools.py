"""The tools themselves, on a real sandbox, real sockets and a real database."""

import pytest

from agents.tests.tool_scene import begun, use
from agents.tools.sql_check import QuestionRefused, question

TABLES = {"steps": ["agent"], "executions": ["id"]}
PLOT = """
import csv, matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
rows = list(csv.DictReader(open("sales.csv")))
plt.bar([r["month"] for r in rows], [int(r["sold"]) for r in rows])
plt.savefig("plots/sales.png")
print(sum(int(r["sold"]) for r in rows))
"""


def test_code_runs_beside_the_files_and_what_it_leaves_is_kept(tenant):
    """A CSV goes in, a number and a plot come out; caches are left behind."""
    bench = begun(tenant)
    use(bench, "write_file", path="sales.csv", content="month,sold\nJan,3\nFeb,4\n")
    use(bench, "write_file", path="plots/.gitkeep", content="")
    returned = use(bench, "run_python", code=PLOT)
    assert returned.ok, returned.text
    assert returned.text.splitlines()[-1] == "7"
    assert set(returned.files) == {"plots/sales.png"}
    assert bench.read("plots/sales.png").startswith(b"\x89PNG")


def test_tests_are_run_and_fail_as_they_should(tenant):
    """pytest is there; a failing test is no error of the tool, and its words come back."""
    bench = begun(tenant)
    use(bench, "write_file", path="test_a.py", content="def test_it():\n    assert 1 == 2\n")
    returned = use(bench, "run_command", command="python3 -m pytest -q")
    assert (returned.ok, returned.data["exit_code"]) == (False, 1)
    assert "assert 1 == 2" in returned.text
    assert set(returned.files) == set()


def test_a_run_that_takes_too_long_is_stopped(tenant):
    """Its time is over and it says so."""
    returned = use(begun(tenant), "run_command", command="sleep 30", timeout_s=1)
    assert (returned.ok, returned.data["timed_out"]) == (False, True)


def test_what_cannot_be_kept_is_told_beside_what_was_said(tenant):
    """A name that no file may have, a file beyond the size, a folder where a file is: the step goes on, the output is there."""
    bench = begun(tenant)
    use(bench, "write_file", path="taken", content="a file")
    made = "mkdir -p taken.d && mv taken taken.old && mv taken.d taken && echo x > taken/inside"
    for command in (r"echo x > 'a\b'", "head -c 17000000 /dev/zero > large", made):
        returned = use(bench, "run_command", command=f"echo said; {command}")
        assert (returned.ok, returned.data["exit_code"], dict(returned.files)) == (False, 0, {})
        assert "none of the files it wrote is kept" in returned.text
        assert returned.text.endswith("said\n")


def test_a_file_is_no_folder(tenant):
    """It could lie on no disk beside the other, so no code would run there any more."""
    bench = begun(tenant)
    use(bench, "write_file", path="a", content="1")
    assert "is a file and" in use(bench, "write_file", path="a/b", content="1").text
    assert use(bench, "run_command", command="ls").text == "exit code 0\na\n"


def test_the_tenants_own_records_are_asked(tenant, other_tenant):
    """Rows of this tenant only, in the shape of the question."""
    from django_tenants.utils import tenant_context

    with tenant_context(other_tenant):
        begun(other_tenant)
    bench = begun(tenant)
    returned = use(bench, "query_data", sql="SELECT state, count(*) AS n FROM executions GROUP BY state")
    assert returned.text == '1 rows\n{"state":"in_progress","n":1}'


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT set_config('app.tenant_id', 'x', true)",
        "SELECT pg_sleep(10)",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT current_setting('app.tenant_id')",
        "SELECT query_to_xml('select 1', true, true, '')",
        "DELETE FROM steps",
        "UPDATE steps SET agent = 'x'",
        "WITH gone AS (DELETE FROM steps RETURNING 1) SELECT * FROM gone",
        "WITH steps AS (SELECT 1) SELECT * FROM steps",
        "WITH agents_step AS (SELECT * FROM agents_step) SELECT * FROM agents_step",
        "WITH a AS (SELECT * FROM tenants_user), tenants_user AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (WITH tenants_user AS (SELECT 1) SELECT * FROM tenants_user) SELECT * FROM tenants_user",
        "WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT * FROM a) SELECT * FROM a",
        "SELECT * FROM agents_step",
        "SELECT * FROM public.steps",
        "SELECT (SELECT rolname FROM pg_authid LIMIT 1)",
        "SELECT * INTO other FROM steps",
        "SELECT * FROM steps FOR UPDATE",
        "SELECT * FROM generate_series(1, 10)",
        "SELECT * FROM steps, LATERAL (SELECT set_config('a', 'b', true)) AS x",
        "SELECT 'tenants_tenant'::regclass",
        "SELECT 1; SELECT 2",
        "COPY steps TO '/tmp/x'",
        "EXPLAIN ANALYZE SELECT 1",
        "SET ROLE miosa_platform",
        "not sql at all",
        "",
    ],
)
def test_questions_that_are_not_asked(sql):
    """Whatever writes, sets, sleeps, or names what is not on offer is refused before it reaches the database."""
    with pytest.raises(QuestionRefused):
        question(sql, TABLES)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT agent, COUNT(*) FILTER(WHERE success) FROM steps GROUP BY agent ORDER BY 2 DESC LIMIT 5",
        "WITH x AS (SELECT agent FROM steps), y AS (SELECT agent FROM x) SELECT y.agent FROM y JOIN x ON x.agent = y.agent",
        "SELECT agent FROM steps WHERE EXISTS(WITH x AS (SELECT 1 AS one) SELECT one FROM x)",
        "WITH x AS (SELECT agent FROM steps) SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY agent) FROM x",
        "SELECT e.id || 'x', CAST(s.agent AS TEXT) FROM executions AS e JOIN steps AS s ON s.execution_id = e.id",
        "SELECT ROW_NUMBER() OVER (PARTITION BY agent ORDER BY created) FROM steps",
    ],
)
def test_questions_that_are_asked_keep_their_meaning(sql):
    """What is understood is written anew as it stood."""
    assert question(sql, TABLES) == sql


def test_what_only_the_database_knows_is_told(tenant):
    """A column that is not there, a division by zero: the database's own words, and the step goes on."""
    bench = begun(tenant)
    assert "nothing_like_it" in use(bench, "query_data", sql="SELECT nothing_like_it FROM steps").text
    assert "division by zero" in use(bench, "query_data", sql="SELECT 1 / 0 AS n FROM executions").text
