"""What a tenant lets its keys ask of the gateway, and what it keeps of their calls where it wants that."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

from tenants.owned import TenantOwned

DIMENSIONS = 384  # of the embeddings server's model


class KeyPolicy(TenantOwned):
    """The guard rails of one key; without `key_id` of every key of the tenant that has none of its own."""

    class Cache(models.TextChoices):
        OFF = "off"
        EXACT = "exact"
        SEMANTIC = "semantic"

    key_id = models.UUIDField(
        null=True, blank=True, help_text="empty: all keys without a policy of their own"
    )
    allowed_models = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, help_text="ids; empty: every model"
    )
    most_input_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="of one request")
    most_output_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="of one answer")
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    daily_micros = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="micro-dollars that the key may spend on a day (UTC)"
    )
    tenant_daily_micros = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="and all keys of the tenant together; counts in the policy of all keys",
    )
    cache = models.CharField(max_length=8, choices=Cache, default=Cache.OFF)
    cache_ttl_s = models.PositiveIntegerField(default=3_600, help_text="how long an answer is given again")
    cache_threshold = models.FloatField(
        default=0.97, help_text="how alike two questions must be, 0.5 to 1: the cosine of their embeddings"
    )
    keeps_bodies = models.BooleanField(default=False, help_text="requests and answers are stored")
    keep_days = models.PositiveSmallIntegerField(default=30, help_text="then what is stored is deleted")
    redacts = models.BooleanField(
        default=True,
        help_text="secrets and personal data are taken out of what is stored, never of what is sent",
    )
    changed = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "key_id"], name="one_policy_per_key", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(cache_threshold__gte=0.5, cache_threshold__lte=1),
                name="cache_threshold_half_to_1",
            ),
        ]
        verbose_name_plural = "key policies"

    def __str__(self) -> str:
        return f"key {self.key_id}" if self.key_id else "every key"


class CachedAnswer(TenantOwned):
    """An answer that may be given again. `digest` names the whole question, `frame` all of it but the last words."""

    digest = models.BinaryField(max_length=32)
    frame = models.BinaryField(max_length=32)
    pattern = HalfVectorField(dimensions=DIMENSIONS, null=True)
    answer = models.JSONField()
    model = models.CharField(max_length=80)
    provider = models.CharField(max_length=40)
    tokens = models.PositiveIntegerField()
    cost_micros = models.BigIntegerField(help_text="what the answer cost, and each hit saves")
    hits = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "digest"], name="answer_cached_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "frame"], name="cached_by_frame"),
            models.Index(fields=["tenant", "expires"], name="cached_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.hits} hits"


class Exchange(TenantOwned):
    """A request and its answer, as the key's policy wants them stored. Its id is the decision's."""

    request = models.JSONField()
    answer = models.TextField()
    redacted = models.BooleanField()
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        indexes = [models.Index(fields=["tenant", "expires"], name="exchanges_by_end")]

    def __str__(self) -> str:
        return f"of {self.created:%Y-%m-%d %H:%M}"
