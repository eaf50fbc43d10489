"""The container target writes out every kind of release, checks it, and says what it does not do."""

import dataclasses

import pytest

from deployments.targets.container.target import ContainerTarget, write_out
from deployments.targets.contract import DeployRef, Kind, Phase, Recipe
from deployments.targets.errors import TargetLost, TargetRefused
from deployments.tests.container_scene import NODE, PYTHON, SITE, SPECS, spec_of

TARGET = ContainerTarget(now=lambda: 1000.0)


@pytest.mark.parametrize("name", SPECS)
def test_it_works(name):
    """Each kind is planned, written out, found sound by every check, and live, which means written."""
    spec = SPECS[name]
    ref = TARGET.apply(spec, key="deployment-1")
    assert {step.what for step in TARGET.plan(spec)} == set(write_out(spec).files)
    assert TARGET.status(ref).phase is Phase.LIVE
    page = TARGET.logs(ref)
    checked = [line.text for line in page.lines if not line.text.startswith("note: ")]
    assert len(checked) >= 10
    assert all(text.startswith("ok: ") for text in checked)
    assert {line.at for line in page.lines} == {1000.0}
    assert TARGET.logs(ref, page.cursor).lines == ()


def test_a_second_try_writes_the_same():
    """Two applies of one release have one digest; another release or variable has another."""
    spec = SPECS["python"]
    first, second = (TARGET.apply(spec, key=key).details for key in ("one", "two"))
    assert first == second
    other = dataclasses.replace(spec, variables={**spec.variables, "MORE": "x"})
    assert TARGET.apply(other, key="one").details["digest"] != first["digest"]


def test_the_values_of_variables_do_not_matter():
    """Values change nothing of what is written, since they are not in it."""
    spec = SPECS["python"]
    other = dataclasses.replace(spec, variables=dict.fromkeys(spec.variables, "another-value"))
    assert write_out(other).files == write_out(spec).files


def test_going_back_writes_the_earlier_release_again():
    """A rollback has the digest that the earlier release had."""
    earlier = TARGET.apply(SPECS["static"], key="one")
    newer = spec_of(SPECS["static"].recipe, {**SITE, "new.html": b"new"}, domains=["www.example.com"])
    assert TARGET.apply(newer, key="two").details["digest"] != earlier.details["digest"]
    assert (
        TARGET.rollback(earlier, SPECS["static"], key="three").details["digest"] == earlier.details["digest"]
    )


def test_it_says_that_nothing_runs_here():
    """It offers no suspension, refuses one with the command that does it, and keeps nothing to find or destroy."""
    spec = SPECS["python"]
    able = TARGET.capabilities()
    assert (able.runs, able.suspend, able.candidate, able.canary) == (False, False, False, False)
    for act in (TARGET.suspend, TARGET.resume):
        with pytest.raises(TargetRefused, match="kubernetes/suspended"):
            act(spec.place)
    TARGET.destroy(spec.place)
    assert TARGET.find(spec.place, key="x") is None
    assert TARGET.unavailable("anyone") is None


def test_a_deployment_it_did_not_write_is_lost():
    """A reference without a digest is not taken for a live deployment."""
    with pytest.raises(TargetLost, match="deploy its release again"):
        TARGET.status(DeployRef(place=SPECS["static"].place, deployment_id="x"))


def test_host_names_are_for_the_next_release():
    """Names are looked at and returned with what the DNS needs; nobody claims that they are verified."""
    (domain,) = TARGET.domains(SPECS["static"].place, ("www.example.com",))
    assert (domain.name, domain.verified) == ("www.example.com", False)
    assert "www.example.com" in domain.record
    with pytest.raises(TargetRefused, match="no host name"):
        TARGET.domains(SPECS["static"].place, ("no_name.example.com",))
    TARGET.variables(SPECS["static"].place, {"GOOD": "1"})
    with pytest.raises(TargetRefused, match="variable 'not good'"):
        TARGET.variables(SPECS["static"].place, {"not good": "1"})


REFUSED = {
    "no files": (Recipe(kind=Kind.STATIC), {}, {}, "holds no files"),
    "nothing to publish": (Recipe(kind=Kind.STATIC, publish="dist"), SITE, {}, "no build command fills it"),
    "a way out": (Recipe(kind=Kind.STATIC, publish="a/../../etc"), SITE, {}, "no plain path"),
    "no start": (Recipe(kind=Kind.WORKER, runtime="python"), PYTHON, {}, "a worker needs a start command"),
    "a runtime": (Recipe(kind=Kind.WEB, runtime="cobol", start="x"), SITE, {}, "none of static, python"),
    "a port": (Recipe(kind=Kind.WEB, runtime="node", start="x", port=70000), NODE, {}, "between 1 and 65535"),
    "a path": (
        Recipe(kind=Kind.WEB, runtime="node", start="x", health_path="/a'b"),
        NODE,
        {},
        "no path like",
    ),
    "no schedule": (Recipe(kind=Kind.CRON, runtime="node", start="x"), NODE, {}, "five fields"),
    "an hour": (
        Recipe(kind=Kind.CRON, runtime="node", start="x", schedule="0 24 * * *"),
        NODE,
        {},
        "no hour",
    ),
    "latest": (Recipe(kind=Kind.WEB, source={"image": "nginx"}), {}, {}, "moves: name it with a tag"),
    "an image": (Recipe(kind=Kind.WEB, source={"image": "No Image:1"}), {}, {}, "no name of an image"),
    "replicas": (Recipe(kind=Kind.STATIC), SITE, {"replicas": 0}, "whole number from 1 to 50"),
    "memory": (Recipe(kind=Kind.STATIC), SITE, {"memory_mb": "1G"}, "whole number from 32"),
    "a namespace": (Recipe(kind=Kind.STATIC), SITE, {"namespace": "Kube System"}, "is no name"),
    "a registry": (Recipe(kind=Kind.STATIC), SITE, {"registry": "https://x"}, "no address like"),
    "a domain": (Recipe(kind=Kind.STATIC), SITE, {"domains": ["a b.example.com"]}, "no host name"),
    "an issuer": (Recipe(kind=Kind.STATIC), SITE, {"issuer": "a\nb"}, "no name of Kubernetes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_refused(name):
    """Plan and apply refuse with the same sentence, which says what to change."""
    recipe, files, settings, sentence = REFUSED[name]
    spec = spec_of(recipe, files, **settings)
    with pytest.raises(TargetRefused, match=sentence) as planned:
        TARGET.plan(spec)
    with pytest.raises(TargetRefused) as applied:
        TARGET.apply(spec, key="x")
    assert str(planned.value) == str(applied.value)
