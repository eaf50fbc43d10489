"""Three jobs from end to end, each with no model but the small one that ships, and again at full depth; their transcripts.

    python -m benchmarks.jobs [--out docs/examples] [--only package|table|patch] [--json]

Each is one run of `manage.py demo`, as a newcomer starts it: (package) write, test and repair a small Python package,
(table) analyse a CSV and deliver a report with a plot, (patch) read a repository and propose a reviewed patch. At full
depth a server on this machine speaks a provider's wire and answers as a capable model would, with a fault at first. With
--json the last line is one JSON object: which ended with a good result, and in how many seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.tests import jobs_scripts as scripts
from deployments.tests.git_server import PLAIN, git_server
from miosa.embedded.server import free_port
from miosa.environment import ROOT
from miosa.testing.wire_server import Script, WireServer

DATA = ROOT / "docs/examples/data/sales.csv"
DEPTHS = ("no-key", "full-depth")


@dataclass(frozen=True)
class Job:
    """What is asked at each depth, and who answers at full depth. `{repository}` is its address."""

    name: str
    request: str
    script: Script
    asked_without: str = ""
    files: str = ""


JOBS = (
    Job(
        "package",
        "Write a small Python package named romans with a function `to_number(roman: str) -> int` that converts Roman"
        " numerals to numbers and refuses what is none",
        scripts.package_writer,
        asked_without="Write a Python package named wordtools with a function `count_words(text: str) -> int` that counts"
        " words, e.g. count_words('a b') == 2 and count_words('') == 0",
    ),
    Job(
        "table",
        "Analyse sales.csv and deliver a report with a plot of sold by region",
        scripts.table_writer,
        files=str(DATA),
    ),
    Job(
        "patch",
        "Read the repository {repository} and propose a patch that fixes mean() of an empty list",
        scripts.patch_writer,
        asked_without="Read the repository {repository} and propose a patch that improves it",
    ),
)


def run(out: Path, only: str) -> dict[str, Any]:
    """Do the jobs one after another; return seconds and whether each was good, by its name and depth."""
    told = {}
    for job in JOBS:
        for depth in DEPTHS if only in {"", job.name} else ():
            folder = out / f"{job.name}-{depth}"
            started = time.monotonic()
            good = _done(job, depth, folder)
            told[f"{job.name} {depth}"] = {"good": good, "took_s": round(time.monotonic() - started, 1)}
            print(f"{job.name:<8} {depth:<11} {'good' if good else 'NOT GOOD'}  {folder}")
    return told


def _done(job: Job, depth: str, folder: Path) -> bool:
    with tempfile.TemporaryDirectory() as state, _servers(job, Path(state)) as (repository, provider):
        request = job.request if depth == DEPTHS[1] or not job.asked_without else job.asked_without
        environ = {
            **os.environ,
            "TASK": request.format(repository=repository),
            "FILES": job.files,
            "OUT": str(folder),
            "ONCE": "1",
            "MIOSA_STATE": f"{state}/state",
            "MIOSA_PORT": str(free_port()),
            "MIOSA_OUTGOING_ALLOW": repository.split("/")[2],
            **(_capable(provider) if depth == DEPTHS[1] else {}),
        }
        command = [sys.executable, "manage.py", "demo"]
        log = Path(state, "log")
        with log.open("wb") as output:
            subprocess.run(command, cwd=ROOT, env=environ, stdout=output, stderr=output, check=False)
        transcript = folder / "transcript.md"
        if not transcript.is_file():
            print(log.read_text(errors="replace")[-2_000:])
            return False
        return _told_apart(transcript, repository)


def _told_apart(transcript: Path, repository: str) -> bool:
    """Put a lasting name in the place of this run's address; tell whether the execution ended well."""
    text = transcript.read_text().replace(repository, "https://git.example/stats")
    transcript.write_text(text)
    return "## Answer (completed" in text and "**failed**" not in text


def _capable(provider: str) -> Mapping[str, str]:
    return {"GROQ_API_KEY": "gsk_scripted", "GROQ_BASE_URL": provider}


@contextmanager
def _servers(job: Job, folder: Path) -> Iterator[tuple[str, str]]:
    with git_server(folder / "origin") as git, WireServer(job.script) as wire:
        git.commit({"stats.py": (PLAIN, scripts.STATS), "test_stats.py": (PLAIN, scripts.STATS_TESTS)})
        yield git.url, wire.url


def main() -> None:
    """Read the options, do the jobs, print what came of them."""
    parser = argparse.ArgumentParser(description="Three jobs from end to end.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/examples", help="folder of the transcripts")
    parser.add_argument("--only", choices=[job.name for job in JOBS], default="")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    told = run(options.out, options.only)
    if options.json:
        print(json.dumps(told))
    sys.exit(not all(one["good"] for one in told.values()))


if __name__ == "__main__":
    main()
