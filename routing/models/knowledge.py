"""What decisions were made from: kept once for each version of a scoreboard, so that they can be made again."""

from django.db import models

from tenants.owned import TenantOwned


class Knowledge(TenantOwned):
    """All that a scoreboard was compiled from, but the catalogue, which it names."""

    version = models.CharField(max_length=40)
    catalog_digest = models.CharField(max_length=64)
    content = models.JSONField(help_text="tallies, pool, weights, rules, providers")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "version"], name="one_knowledge_per_version"),
        ]
        verbose_name_plural = "knowledge"

    def __str__(self) -> str:
        return self.version


class KnownCatalog(TenantOwned):
    """A catalogue that decisions of this tenant were made with: a later release has another one."""

    digest = models.CharField(max_length=64)
    content = models.JSONField(help_text="as in catalog.toml")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "digest"], name="one_catalog_per_digest"),
        ]

    def __str__(self) -> str:
        return self.digest[:16]
