"""A server of tools that a tenant uses over the Model Context Protocol."""

from django.db import models

from tenants.owned import TenantOwned


class McpServer(TenantOwned):
    """Reached over streamable HTTP. `tools` are the definitions as a person saw them.

    A server that changes one of them is not used until somebody has seen that too.
    """

    name = models.SlugField(max_length=40, db_index=False)
    url = models.CharField(max_length=1000, help_text="its address, streamable HTTP")
    credential = models.CharField(
        max_length=100, blank=True, help_text="name of the secret mcp/<name> with the Authorization header"
    )
    enabled = models.BooleanField(default=True)
    reads_freely = models.BooleanField(
        default=False, help_text="believe it where it says that a tool only reads"
    )
    tools = models.JSONField(default=list)
    seen = models.DateTimeField(null=True, help_text="when its tools were last looked at")
    fault = models.CharField(max_length=500, blank=True, help_text="why it cannot be used just now")
    created_by = models.CharField(max_length=60)
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        verbose_name = "MCP server"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="mcp_server_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
