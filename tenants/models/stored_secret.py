"""A tenant's own secret, encrypted: a provider's key, a webhook's secret, a deployment's environment."""

from django.db import models

from tenants.owned import TenantOwned


class StoredSecret(TenantOwned):
    """`sealed` is authenticated encryption of the value, bound to tenant and name; `key_id` names the master key."""

    name = models.CharField(max_length=120, help_text="as in provider/groq")
    key_id = models.CharField(max_length=16)
    sealed = models.BinaryField()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "name"], name="one_secret_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
