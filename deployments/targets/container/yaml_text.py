"""YAML that reads the same by every parser: whatever could be taken for something else stands in quotes."""

import re
from typing import Any

import yaml

# A word that no version of YAML takes for a number, a date, a truth value or nothing.
_PLAIN = re.compile(r"^[A-Za-z/][A-Za-z0-9_./-]*$")
_OTHERS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Write a value again where it stands twice: people read this."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.match(text) and text.lower() not in _OTHERS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _string)


def dumped(*documents: Any) -> str:
    """Return the documents as text, in the order of their keys."""
    return yaml.dump_all(
        documents,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
        explicit_start=len(documents) > 1,
    )
