"""The tools there are: one file for a kind, one line here."""

from collections.abc import Mapping

from agents.tools import database, delegating, deploying, files, remembering, repository, running, web
from agents.tools.contract import Tool

KINDS = (files, running, remembering, web, database, repository, deploying, delegating)
SHELF: Mapping[str, Tool] = {tool.name: tool for kind in KINDS for tool in kind.TOOLS}
