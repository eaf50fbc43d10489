"""Dockerfile and compose.yaml as tests read them."""

import json
import re
from dataclasses import fields
from pathlib import Path

import yaml

from miosa.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("miosa:")}

VARIABLES = {spec.metadata["name"]: spec for spec in fields(Environment)}
USED = re.compile(r"(?<!\$)\$\{(\w+)(:-|:\?)?([^}]*)\}")  # ${NAME}, ${NAME:-default}, ${NAME:?refusal}


def instructions():
    """The Dockerfile as (instruction, arguments), with continued lines joined and comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def arguments(name):
    return [rest for instruction, rest in instructions() if instruction == name]


def command_of(name):
    """What a service of ours starts: its own command, or the image's."""
    return OURS[name].get("command") or json.loads(arguments("CMD")[-1])
