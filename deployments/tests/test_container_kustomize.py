"""The folder as kubectl reads it: put together, suspended, moved to another registry."""

import shutil
import subprocess
import tarfile
from io import BytesIO

import pytest
import yaml

from deployments.targets.container.checks.schemas import schema_fault
from deployments.targets.container.target import write_out
from deployments.tests.container_scene import SPECS

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl in PATH")


def rendered(spec, tmp_path, overlay):
    """What kubectl makes of an overlay of the downloaded folder, without a cluster."""
    made = write_out(spec)
    with tarfile.open(fileobj=BytesIO(b"".join(made.chunks())), mode="r:gz") as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / made.folder / "kubernetes" / overlay
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)  # type: ignore[list-item]
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("name", SPECS)
def test_it_works(name, tmp_path):
    """Every object that was written is in the whole, unchanged, and the newest schema takes it."""
    made = write_out(SPECS[name])
    alone = [
        yaml.safe_load(text)
        for path, text in made.files.items()
        if path.startswith("kubernetes/base/") and not path.endswith("kustomization.yaml")
    ]
    whole = rendered(SPECS[name], tmp_path, "base")
    by_kind = sorted(whole, key=lambda one: one["kind"])
    assert by_kind == sorted(alone, key=lambda one: one["kind"])
    assert [schema_fault(one, "1.37") for one in whole] == [""] * len(whole)


@pytest.mark.parametrize("name", SPECS)
def test_suspended_runs_nothing(name, tmp_path):
    """The overlay has no pods or no runs, and everything else as it was."""
    base, still = (rendered(SPECS[name], tmp_path, overlay) for overlay in ("base", "suspended"))
    assert [one["kind"] for one in base] == [one["kind"] for one in still]
    (workload,) = [one for one in still if one["kind"] in {"Deployment", "CronJob"}]
    spec = workload["spec"]
    assert (spec["suspend"] if workload["kind"] == "CronJob" else spec["replicas"] == 0) is True
    assert schema_fault(workload, "1.37") == ""
