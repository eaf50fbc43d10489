"""A tenant's word on one tool."""

from django.db import models

from tenants.owned import TenantOwned


class ToolRule(TenantOwned):
    """Wins over what the tool's effect would mean by itself. `tool` may end in `*`."""

    class Decision(models.TextChoices):
        ALLOW = "allow", "used without asking"
        ASK = "ask", "a person is asked each time"
        DENY = "deny", "never used"

    tool = models.CharField(max_length=120)
    decision = models.CharField(max_length=5, choices=Decision)
    set_by = models.CharField(max_length=60)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "tool"], name="one_rule_per_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.decision}"
