"""What staff sign in with beside their password: an authenticator app, and codes for the day it is lost."""

from django.db import models
from django_otp.models import Device, ThrottlingMixin, TimestampMixin


class Authenticator(ThrottlingMixin, TimestampMixin, Device):
    """A device of django-otp whose secret is sealed with the master key; `last_t` is the last time step that was used.

    Its id is a number, as django-otp wants it in sessions. Only the platform's login can read this table.
    """

    key_id = models.CharField(max_length=16)
    sealed = models.BinaryField()
    last_t = models.BigIntegerField(default=-1)
    drift = models.SmallIntegerField(default=0, help_text="time steps that the app's clock differs from ours")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_per_person")
        ]

    def get_throttle_factor(self) -> int:
        return 1  # a wrong code costs 1 s, the next 2 s, 4 s, ...


class RecoveryCode(models.Model):
    """Good for one use; `digest` is HMAC-SHA256 of person and code."""

    device = models.ForeignKey(Authenticator, on_delete=models.CASCADE, related_name="codes")
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"a recovery code of {self.device_id}"
