"""Code through the real SDK: kept state, rich results, errors, contexts, time; sync and async."""

import asyncio
import base64

import pytest
from e2b import NotFoundException, SandboxException, TimeoutException
from e2b_code_interpreter import AsyncSandbox

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401

pytestmark = needs_boxes
PNG = b"\x89PNG\r\n\x1a\n"


def test_it_works(sandbox):
    """Output and the last value come back, and the number of the execution."""
    execution = sandbox.run_code("print('hello')\n1 + 1")
    assert execution.logs.stdout == ["hello\n"]
    assert execution.logs.stderr == []
    assert (execution.text, execution.error) == ("2", None)
    assert execution.results[0].is_main_result
    assert execution.execution_count >= 1


def test_state_is_kept(sandbox):
    """Variables, functions and imports of one cell are there in the next."""
    sandbox.run_code("import math\nside = 3\ndef area(r): return round(math.pi * r * r, 2)")
    assert sandbox.run_code("area(side)").text == "28.27"


def test_an_error_is_told(sandbox):
    """Name, value and traceback; what was printed before is there, and the kernel goes on."""
    execution = sandbox.run_code("print('before')\nkept = 5\n{}['key']")
    assert (execution.error.name, execution.error.value) == ("KeyError", "'key'")
    assert "KeyError" in execution.error.traceback
    assert execution.logs.stdout == ["before\n"]
    assert sandbox.run_code("kept").text == "5"
    assert sandbox.run_code("def broken(").error.name in {"SyntaxError", "_IncompleteInputError"}


def test_events_come_as_they_happen(sandbox):
    """Callbacks hear output, results and errors."""
    heard = {"out": [], "err": [], "results": [], "errors": []}
    sandbox.run_code(
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay('shown')\n1 / 0",
        on_stdout=lambda message: heard["out"].append(message.line),
        on_stderr=lambda message: heard["err"].append(message.line),
        on_result=heard["results"].append,
        on_error=heard["errors"].append,
    )
    assert "".join(heard["out"]) == "a\n"
    assert "".join(heard["err"]) == "b\n"
    assert [result.text for result in heard["results"]] == ["'shown'"]
    assert heard["errors"][0].name == "ZeroDivisionError"


def test_a_figure_is_a_picture(sandbox):
    """What matplotlib draws comes as PNG."""
    execution = sandbox.run_code(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], [4, 1, 9])\nplt.show()"
    )
    assert execution.error is None
    picture = next(result for result in execution.results if result.png)
    assert base64.b64decode(picture.png).startswith(PNG)


def test_a_table_is_text_and_html(sandbox):
    """A DataFrame of pandas."""
    execution = sandbox.run_code("import pandas\npandas.DataFrame({'name': ['a', 'b'], 'n': [1, 2]})")
    assert execution.error is None
    table = execution.results[0]
    assert "name" in table.text
    assert "<table" in table.html
    assert {"text", "html"} <= set(table.formats())


@pytest.mark.parametrize(
    ("method", "value", "attribute"),
    [
        ("_repr_html_", "<b>bold</b>", "html"),
        ("_repr_markdown_", "# title", "markdown"),
        ("_repr_svg_", "<svg></svg>", "svg"),
        ("_repr_latex_", "$x$", "latex"),
        ("_repr_json_", {"a": [1, 2]}, "json"),
        ("_repr_javascript_", "alert(1)", "javascript"),
    ],
)
def test_values_show_themselves(sandbox, method, value, attribute):
    """Each of Jupyter's ways of showing a value."""
    execution = sandbox.run_code(f"class Shown:\n    def {method}(self): return {value!r}\nShown()")
    assert getattr(execution.results[0], attribute) == value


def test_contexts_keep_apart(sandbox):
    """Each has its own variables and folder; they are listed, restarted and removed."""
    sandbox.files.make_dir("other")
    one, two = sandbox.create_code_context(), sandbox.create_code_context(cwd="/home/user/other")
    sandbox.run_code("x = 'one'", context=one)
    sandbox.run_code("x = 'two'", context=two)
    assert sandbox.run_code("x", context=one).text == "'one'"
    assert sandbox.run_code("import os; os.getcwd()", context=two).text == "'/home/user/other'"
    assert {one.id, two.id} <= {context.id for context in sandbox.list_code_contexts()}
    sandbox.restart_code_context(one)
    assert sandbox.run_code("x", context=one).error.name == "NameError"
    sandbox.remove_code_context(one)
    assert one.id not in {context.id for context in sandbox.list_code_contexts()}
    with pytest.raises(NotFoundException):
        sandbox.run_code("1", context=one)
    sandbox.remove_code_context(two.id)


def test_its_time_is_limited(sandbox):
    """The SDK says so, and the kernel is free for the next cell."""
    with pytest.raises(TimeoutException):
        sandbox.run_code("import time\nwhile True: time.sleep(0.05)", timeout=1)
    assert sandbox.run_code("'free'", timeout=20).text == "'free'"


def test_variables_of_a_cell(sandbox):
    """They are there for that cell."""
    assert sandbox.run_code("import os; os.environ['CELL']", envs={"CELL": "1"}).text == "'1'"


def test_await_at_the_top(sandbox):
    """A cell may wait without a function around it."""
    assert sandbox.run_code("import asyncio\nawait asyncio.sleep(0.01, 'waited')").text == "'waited'"


def test_files_and_code_are_one_world(sandbox):
    """What code writes is read as a file, and the other way round."""
    sandbox.files.write("given.txt", "from outside")
    assert sandbox.run_code("open('/home/user/given.txt').read()").text == "'from outside'"
    sandbox.run_code("open('made.txt', 'w').write('from inside')")
    assert sandbox.files.read("/home/user/made.txt") == "from inside"


def test_a_shell_cell(place, sandbox):
    """Another language by its name in the cloud; our boxes have kernels of Python alone and say so."""
    if place.ours:
        with pytest.raises(SandboxException, match="no kernel for 'bash'"):
            sandbox.run_code("echo 1", language="bash")
        return
    assert "".join(sandbox.run_code("echo $((6 * 7))", language="bash").logs.stdout) == "42\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("!echo from the shell", "from the shell\n"),
        ("for word in ('a', 'b'):\n    !echo line\nprint('end')", "line\nline\nend\n"),
        ("%matplotlib inline\nprint('drawn')", "drawn\n"),
        ("%%bash\necho one\necho two", "one\ntwo\n"),
        ("%%time\nprint('timed')", None),
        ("print('!echo no magic')", "!echo no magic\n"),
    ],
)
def test_what_notebooks_write_beside_python(sandbox, cell, said):
    """Commands run in a shell; magics that draw or time do no harm; text stays text."""
    execution = sandbox.run_code(cell)
    assert execution.error is None
    printed = "".join(execution.logs.stdout)
    assert printed == said if said else "timed\n" in printed


def test_a_language_there_is_not(sandbox):
    """It is refused in words."""
    with pytest.raises(SandboxException):
        sandbox.run_code("x", language="no-such-language")


def test_the_async_client(place):
    """The same, awaited; cells of two contexts run at once."""

    async def scene():
        sandbox = await AsyncSandbox.create(timeout=120, **place.options)
        try:
            await sandbox.run_code("n = 20")  # type: ignore[attr-defined]
            assert (await sandbox.run_code("n + 1")).text == "21"  # type: ignore[attr-defined]
            one, two = await asyncio.gather(sandbox.create_code_context(), sandbox.create_code_context())  # type: ignore[attr-defined]
            slow = "import time; time.sleep(0.5); 'done'"
            ran = await asyncio.gather(*(sandbox.run_code(slow, context=context) for context in (one, two)))  # type: ignore[attr-defined]
            assert [execution.text for execution in ran] == ["'done'", "'done'"]
            assert (await sandbox.run_code("1 / 0")).error.name == "ZeroDivisionError"  # type: ignore[attr-defined]
            await sandbox.remove_code_context(one)  # type: ignore[attr-defined]
            await sandbox.restart_code_context(two)  # type: ignore[attr-defined]
            assert two.id in {context.id for context in await sandbox.list_code_contexts()}  # type: ignore[attr-defined]
        finally:
            await sandbox.kill()

    asyncio.run(scene())
