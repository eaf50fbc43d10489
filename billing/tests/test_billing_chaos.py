"""The chaos of `benchmarks.billing_chaos`, small: killed workers, tellers and postmen, and no difference at the end."""

import json
import os
import subprocess
import sys

from miosa.environment import ROOT

CALLS, KILLS = 150, 20


def test_the_difference_is_nought(tmp_path):
    """Every sum on the way from the calls to the invoice is the same."""
    command = [sys.executable, "-m", "benchmarks.billing_chaos", "--json"]
    ran = subprocess.run(
        [*command, "--calls", str(CALLS), "--kills", str(KILLS)],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:] + ran.stdout[-3000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert (found["calls"], found["kills"], found["differences"]) == (CALLS, KILLS, 0)
    assert len(set(found["sums"].values())) == 1
    assert found["sums"]["model_calls"] > 0
    assert found["events"]["parked"] == 0
