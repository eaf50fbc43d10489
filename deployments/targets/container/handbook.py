"""What its owner does with it: the commands, in order, with the names of this release."""

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.compose import VARIABLES_FILE
from deployments.targets.container.look import by_http
from deployments.targets.container.manifests.workload import secret_name
from deployments.targets.contract import Kind


def handbook(blueprint: Blueprint) -> str:
    """Return the README of the folder."""
    parts = (
        _head(blueprint),
        _image(blueprint),
        _variables(blueprint),
        _cluster(blueprint),
        _one_machine(blueprint),
        _to_know(blueprint),
    )
    return "\n".join(part for part in parts if part)


def _head(blueprint: Blueprint) -> str:
    return (
        f"# {blueprint.name}, release {blueprint.release}\n\n"
        f"Written out for you to run: nothing here has been started. The release's checksum is\n"
        f"`{blueprint.checksum}`; the same release is always written as the same files.\n"
    )


def _image(blueprint: Blueprint) -> str:
    if not blueprint.builds:
        return f"## Image\n\n`{blueprint.image}`, as it is.\n"
    return (
        "## Image\n\n"
        f"    docker build --tag {blueprint.image} .\n"
        f"    docker push {blueprint.image}\n\n"
        "Podman and BuildKit read the same file. Another registry is named in `images` of\n"
        "`kubernetes/base/kustomization.yaml`.\n"
    )


def _variables(blueprint: Blueprint) -> str:
    if not blueprint.variables:
        return ""
    return (
        "## Variables\n\n"
        f"Their values are not in these files. Copy `{VARIABLES_FILE}.example` to `{VARIABLES_FILE}`, fill it in,\n"
        "keep it out of version control, and make the Secret of it:\n\n"
        f"    kubectl create namespace {blueprint.namespace}\n"
        f"    kubectl --namespace {blueprint.namespace} create secret generic {secret_name(blueprint)} \\\n"
        f"        --from-env-file {VARIABLES_FILE}\n\n"
        "`kubernetes/secret.example.yaml` shows its shape, for tools that seal or fetch secrets.\n"
    )


def _cluster(blueprint: Blueprint) -> str:
    kind = "cronjob" if blueprint.recipe.kind is Kind.CRON else "deployment"
    space = f"kubectl --namespace {blueprint.namespace}"
    watch = "" if kind == "cronjob" else f"    {space} rollout status {kind}/{blueprint.name}\n"
    back = (
        ""
        if kind == "cronjob"
        else (
            f"Back to the release before: `{space} rollout undo {kind}/{blueprint.name}`,\n"
            "or apply the folder of an earlier release.\n"
        )
    )
    return (
        "## Cluster\n\n"
        "    kubectl apply --kustomize kubernetes/base\n"
        f"{watch}"
        "    kubectl apply --kustomize kubernetes/suspended    # stops it, everything stays\n"
        "    kubectl delete --kustomize kubernetes/base        # removes it\n\n"
        f"{back}"
    )


def _one_machine(blueprint: Blueprint) -> str:
    run = "run --rm app" if blueprint.recipe.kind is Kind.CRON else "up --detach"
    return f"## One machine\n\n    docker compose {run}\n"


def _to_know(blueprint: Blueprint) -> str:
    return "## To know\n\n" + "".join(f"- {line}\n" for line in remarks(blueprint))


def remarks(blueprint: Blueprint) -> tuple[str, ...]:
    """Return what may surprise the owner of a release."""
    recipe = blueprint.recipe
    known = {
        "The program writes to `/tmp` only; everything else is read-only.": not blueprint.serves_files,
        "No requirements.txt: only Python's standard library is there.": (
            blueprint.builds
            and recipe.runtime == "python"
            and not blueprint.installs
            and not recipe.build
            and not blueprint.serves_files
        ),
        f"Answers with status {recipe.health_status} are not what a probe takes: it looks whether the port is open.": (
            blueprint.listens and not by_http(recipe)
        ),
        "The text that a healthy answer holds is not looked at: probes read no body.": bool(
            recipe.health_body
        ),
        f"`{blueprint.name}-tls` is the Secret with the certificate; without an issuer you make it.": (
            bool(blueprint.domains) and not blueprint.issuer
        ),
        "No host name is set: it is reached inside the cluster, or by `kubectl port-forward`.": (
            blueprint.listens and not blueprint.domains
        ),
        "It may call the public internet and its own namespace; `network-policy.yaml` is the place to allow more.": (
            not blueprint.serves_files
        ),
        "Its schedule is read as UTC.": recipe.kind is Kind.CRON,
        "Pin the base images by digest where your registry's policy asks for it.": blueprint.builds,
    }
    return tuple(text for text, holds in known.items() if holds)
