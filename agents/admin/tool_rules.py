"""What tenants say of tools: set, changed and taken back, as over the API."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents import tool_rules
from agents.models import ToolRule
from agents.requests import ToolRuleRequest
from miosa.pages.cells import moment
from miosa.pages.columns import Columns
from miosa.pages.requested import SAID, Requested, RequestForm
from tenants.audit import current_actor


class ToolRuleForm(RequestForm):
    """Whose word it is, on which tool, and what it says; a word that is there is replaced."""

    asked = ToolRuleRequest
    fixed = ("tool",)


@admin.register(ToolRule)
class ToolRuleAdmin(Columns, Requested):
    """A tenant's word on a tool."""

    making_form = ToolRuleForm
    ordering = ("tool",)
    list_display = ("tool", "tenant", "decision", "set_by", "changed_")
    list_filter = ("tenant", "decision")
    search_fields = ("tool",)
    search_help_text = "Search in tools"
    fields = ("tenant", ("tool", "decision"), ("set_by", "changed_"))

    def written(self, row: Any, values: dict[str, Any]) -> ToolRule:
        return tool_rules.decide(**values[SAID], actor=current_actor())

    def removed(self, row: Any) -> None:
        tool_rules.forget(row, actor=current_actor())

    @display(description="Changed", ordering="changed")
    def changed_(self, row: ToolRule) -> SafeString:
        return moment(row.changed)
