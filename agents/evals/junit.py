"""Scores as JUnit XML, which every CI reads: a case fails where its agent has regressed on it, not where it is hard."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from agents.evals.baseline import Compared, Scores
from agents.evals.running import Scored


def write(path: Path, scored: Sequence[Scored], compared: Sequence[Compared], before: Scores) -> None:
    """Write one suite for each agent, one test for each case; what a case missed stands in its output."""
    root = ET.Element("testsuites", name="evals")
    for row in compared:
        cases = [one for one in scored if one.case.agent == row.agent]
        suite = ET.SubElement(
            root, "testsuite", name=f"evals.{row.agent}", time=f"{sum(one.seconds for one in cases):.3f}"
        )
        fallen = sum(_case(suite, one, before.get(row.agent, {}).get(one.name)) for one in cases if row.worse)
        if not row.worse:
            for one in cases:
                _case(suite, one, None)
        if row.worse and not fallen:
            whole = ET.SubElement(suite, "testcase", classname=f"evals.{row.agent}", name="the whole set")
            ET.SubElement(whole, "failure", message=row.worse)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, one: Scored, before: float | None) -> bool:
    """Write a case; return whether it failed, which it does where it is below `before`."""
    made = ET.SubElement(
        suite, "testcase", classname=f"evals.{one.case.agent}", name=one.name, time=f"{one.seconds:.3f}"
    )
    if one.score is None:
        ET.SubElement(made, "skipped", message=one.why)
        return False
    missed = [f"{found.check}: {found.detail}".rstrip(": ") for found in one.findings if not found.passed]
    ET.SubElement(made, "system-out").text = "\n".join([f"score {one.score:.2f}", *missed])
    fell = before is not None and one.score < before
    if fell:
        ET.SubElement(made, "failure", message=f"{before:.2f} → {one.score:.2f}: {'; '.join(missed)}")
    return fell
