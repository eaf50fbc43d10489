"""Whether the YAML reads as it was meant, by parsers of either version."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from deployments.targets.container.checks.documents import LOADER, YAML, documents
from deployments.targets.container.checks.finding import Finding
from deployments.targets.container.yaml_text import dumped


def read_back(files: Mapping[str, str]) -> Iterator[Finding]:
    """Write each document once more from what was read, and look for words that parsers disagree about."""
    faults = [
        f"{path} reads differently when it is written again"
        for path, document in documents(files).items()
        if dumped(document) != files[path]
    ]
    unclear = [
        f"{path} holds {text!r} without quotes"
        for path, text in _unquoted(files)
        if _looks_like_something_else(text)
    ]
    yield Finding("the YAML reads the same everywhere", (*faults, *unclear))


def _unquoted(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for path, text in files.items():
        if not path.endswith(YAML):
            continue
        for node in _scalars(yaml.compose(text, Loader=LOADER)):
            if node.style is None and node.tag == "tag:yaml.org,2002:str":
                yield path, node.value


def _scalars(node: Any) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _scalars(child)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _looks_like_something_else(text: str) -> bool:
    """Parsers of YAML 1.1 and 1.2 differ in these: numbers, times and short truths."""
    try:
        float(text.replace("_", "").replace(":", ""))
    except ValueError:
        return text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""}
    return True
