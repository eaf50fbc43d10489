"""Each check finds the fault it is there for: sound files are spoilt in one place, and it says so."""

import re

import pytest
from kubernetes_validate.utils import all_versions

from deployments.targets.container.checks import findings
from deployments.targets.container.checks.documents import manifests
from deployments.targets.container.checks.safety import safety
from deployments.targets.container.checks.schemas import schema_fault, versions
from deployments.targets.container.target import write_out
from deployments.tests.container_scene import SPECS

WORKLOAD = "kubernetes/base/workload.yaml"
POLICY = "kubernetes/base/network-policy.yaml"
SPOILT = {
    "a member nobody knows": (WORKLOAD, "automountServiceAccountToken", "automountToken", "1.37 takes"),
    "a number as text": (WORKLOAD, "containerPort: 8000", 'containerPort: "8000"', "1.28 takes"),
    "a number without quotes": (WORKLOAD, 'version: "7"', "version: 7e1", "reads the same"),
    "a truth without quotes": (WORKLOAD, "managed-by: miosa", "managed-by: y", "reads the same"),
    "a selector": (POLICY, "instance: production\n  policy", "instance: other\n  policy", "selectors find"),
    "a name": (POLICY, "name: miosa-acme", "name: Miosa-acme", "keep the rules"),
    "a label": (POLICY, "managed-by: miosa", 'managed-by: "-"', "keep the rules"),
    "a port": (
        WORKLOAD,
        "name: http\n              containerPort",
        "name: web\n              containerPort",
        "is there",
    ),
    "a service": (
        "kubernetes/base/ingress.yaml",
        "service:\n                name: miosa",
        "service:\n                name: x",
        "is there",
    ),
    "a scaled thing": (
        "kubernetes/base/autoscaler.yaml",
        "kind: Deployment\n    name: m",
        "kind: Deployment\n    name: x",
        "is there",
    ),
    "a variable": ("kubernetes/secret.example.yaml", "DATABASE_URL:", "OTHER:", "is there"),
    "a file": ("kubernetes/base/kustomization.yaml", "  - service.yaml\n", "", "is there"),
    "root": (WORKLOAD, "runAsUser: 10001", "runAsUser: 0", "confined"),
    "the root's disk": (
        WORKLOAD,
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "confined",
    ),
    "capabilities": (WORKLOAD, "- ALL", "- NET_RAW", "confined"),
    "system calls": (WORKLOAD, "RuntimeDefault", "Unconfined", "confined"),
    "a value": (
        "kubernetes/secret.example.yaml",
        'DATABASE_URL: ""',
        'DATABASE_URL: "x y"',
        "is written out",
    ),
    "an instruction": ("Dockerfile", "COPY app/ ./", "COPI app/ ./", "Dockerfile parses"),
    "a text without an end": ("Dockerfile", "COPY app/ ./", "COPY <<END ./", "Dockerfile parses"),
    "a base": ("Dockerfile", "python:3.11-slim-bookworm\n", "python:latest\n", "bases are pinned"),
    "a stranger": ("Dockerfile", "COPY app/ ./", "COPY ../secrets ./", "release alone"),
    "a way out": ("Dockerfile", "COPY app/ ./", "COPY app/../../secrets ./", "release alone"),
    "a builder's shell": (
        "Dockerfile",
        'CMD ["/bin/sh", "-c", "python app.py"]',
        "CMD python app.py",
        "release alone",
    ),
    "a user": ("Dockerfile", "USER 10001:10001", "USER app", "nobody special"),
    "a late user": (
        "Dockerfile",
        'CMD ["/bin/sh"',
        'USER 10001:10001\nCMD ["x"]\nUSER 1:1\nCMD ["/bin/sh"',
        "nobody special",
    ),
    "no look at health": (
        "Dockerfile",
        "HEALTHCHECK --interval",
        "ONBUILD HEALTHCHECK --interval",
        "nobody special",
    ),
    "a writable machine": ("compose.yaml", "read_only: true", "read_only: false", "compose file agrees"),
    "an open machine": ("compose.yaml", "127.0.0.1:8000", "0.0.0.0:8000", "compose file agrees"),
    "another image": ("compose.yaml", "/team/", "/else/", "compose file agrees"),
    "the machine's variable": (
        "compose.yaml",
        'image: "registry',
        'image: "${X}registry',
        "compose file agrees",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_it_works(name):
    """The fault is found by the check that is named; test_container_target shows the files without it passing."""
    path, right, wrong, check = SPOILT[name]
    files = write_out(SPECS["python"]).files
    assert right in files[path]
    found = findings({**files, path: files[path].replace(right, wrong)})
    failed = [finding.what for finding in found if not finding.passed]
    assert any(re.search(check, what) for what in failed), failed


def test_an_empty_secret_is_never_applied():
    """The shape of the Secret would empty the real one: the kustomization may not list it."""
    files = write_out(SPECS["python"]).files
    listed = "kubernetes/base/kustomization.yaml"
    spoilt = files[listed].replace("- service.yaml", '- "../secret.example.yaml"')
    failed = [finding for finding in safety({**files, listed: spoilt}) if not finding.passed]
    assert [finding.faults for finding in failed] == [("the empty Secret would be applied",)]


@pytest.mark.parametrize("version", sorted({version[:4] for version in all_versions()}))
def test_every_version_there_is_takes_every_kind(version):
    """From the oldest to the newest schema that is shipped, strictly."""
    for name, spec in SPECS.items():
        for path, manifest in manifests(write_out(spec).files).items():
            assert schema_fault(manifest, version) == "", (name, path)


def test_the_newest_version_is_asked():
    """The newest schema and three older ones are held against each release."""
    assert len(set(versions())) == 4
    assert versions()[-1] == max({version[:4] for version in all_versions()})
