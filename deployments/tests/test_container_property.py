"""Whatever is asked: it is refused with a sentence, or what is written out passes every check."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deployments.targets.container.checks import CHECKS
from deployments.targets.container.checks.schemas import schemas
from deployments.targets.container.names import LABEL, LABEL_VALUE, image_fault, label_of, label_value_of
from deployments.targets.container.schedule import schedule_fault
from deployments.targets.container.target import write_out
from deployments.targets.contract import Kind, Recipe
from deployments.targets.errors import TargetRefused
from deployments.tests.container_scene import NODE, PYTHON, SITE, spec_of

WORD = st.from_regex(r"[a-z][a-z0-9-]{0,14}", fullmatch=True)
DOMAIN = st.builds(
    "{}.{}.example".format, WORD.map(lambda word: word.strip("-")), WORD.map(lambda word: word.strip("-"))
)
NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(1, 50),
        "most_replicas": st.integers(1, 50),
        "memory_mb": st.integers(32, 262_144),
        "cpu_millis": st.integers(10, 64_000),
        "namespace": st.sampled_from(["", "shop", "y", "null", "inf"]),
        "registry": st.sampled_from(["", "ghcr.io/acme", "registry.example.com:5000/a/b"]),
        "domains": st.lists(DOMAIN, max_size=3),
        "ingress_class": st.sampled_from(["", "nginx", "no"]),
    },
)
RECIPES = st.builds(
    Recipe,
    kind=st.sampled_from(Kind),
    runtime=st.sampled_from(["static", "python", "node", "process"]),
    build=st.text(max_size=30) | st.just(""),
    start=st.text(min_size=1, max_size=30),
    publish=st.sampled_from(["", ".", "/", "sub"]),
    port=st.integers(1, 65_535),
    schedule=st.sampled_from(["0 3 * * *", "*/5 0-6 1,15 jan-mar mon"]),
    health_path=st.from_regex(r"/[a-z0-9/._~%-]{0,20}", fullmatch=True),
    health_status=st.sampled_from([200, 204, 301, 401, 503]),
    health_deadline_s=st.floats(0.1, 900),
    source=st.sampled_from([{}, {}, {"image": "ghcr.io/acme/shop:1.4"}]),
)
FILES = st.sampled_from([SITE, PYTHON, NODE, {"sub/index.html": b""}])
QUICK = tuple(check for check in CHECKS if check is not schemas)


def written_or_refused(spec):
    """What was written out; None where it was refused, which always comes with a sentence."""
    try:
        return write_out(spec)
    except TargetRefused as refused:
        if len(str(refused)) < 20:
            raise
        return None


@given(
    recipe=RECIPES,
    files=FILES,
    asked=NUMBERS,
    place=st.tuples(st.text(min_size=1, max_size=80), st.sampled_from(["production", "preview", "staging"])),
    variables=st.lists(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True), max_size=4, unique=True
    ),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_works(recipe, files, asked, place, variables):
    """Any kind, port, name, variable and domain: every check passes, and both tries are equal."""
    name, environment = place
    spec = spec_of(recipe, files, variables=variables, name=name, environment=environment, **asked)
    made = written_or_refused(spec)
    assume(made is not None)
    found = [finding for check in QUICK for finding in check(made.files)]
    assert [str(finding) for finding in found if not finding.passed] == []
    assert made.digest == write_out(spec).digest


@given(recipe=RECIPES, files=FILES, asked=NUMBERS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_schemas_take_whatever_is_written(recipe, files, asked):
    """The same against the schemas of four versions of Kubernetes."""
    made = written_or_refused(spec_of(recipe, files, variables=["A", "no", "Null"], **asked))
    assume(made is not None)
    assert [str(finding) for finding in schemas(made.files) if not finding.passed] == []


@given(text=st.text(max_size=200), limit=st.sampled_from([52, 63]))
def test_every_text_becomes_a_name(text, limit):
    """A name keeps the rules, stays one that kept them already, and is the same each time."""
    name = label_of(text, limit)
    assert len(name) <= limit
    assert LABEL.match(name)
    assert label_of(name, limit) == name == label_of(text, limit)
    assert LABEL_VALUE.match(label_value_of(text))


def test_different_texts_keep_different_names():
    """What differs only in what is left out, or after the limit, is still told apart."""
    texts = ["Shop", "shop!", "shop?", "s" * 70, "s" * 71, "日本", "日本語"]
    assert len({label_of(text) for text in texts}) == len(texts)


@given(schedule=st.text(alphabet="*/,-0123456789 janmonFRI?x", max_size=20))
def test_a_schedule_is_taken_or_refused(schedule):
    """No text makes the check stumble, and what it takes has five fields of known characters."""
    if not schedule_fault(schedule):
        assert len(schedule.split()) == 5


@given(image=st.text(max_size=60))
def test_an_image_is_taken_or_refused(image):
    """No text makes the check stumble, and what it takes holds no space and is pinned."""
    if not image_fault(image):
        assert ":" in image
        assert not any(character.isspace() for character in image)
