"""People, what they may do in a tenant, and groups of staff."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from miosa.pages.cells import badge, moment
from miosa.pages.columns import Columns
from miosa.pages.recorded import Recorded
from miosa.pages.rows import as_tenant
from miosa.pages.tenant_form import TenantForm, TenantFormRows
from tenants import audit, members, sessions
from tenants.models import Membership, Role, Session, User

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Recorded):
    """What staff may do in the admin."""


class NewUserForm(UserCreationForm):
    """A person is known by e-mail address, always in small letters."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class NewPasswordForm(AdminPasswordChangeForm):
    """Whoever gets a new password is signed out everywhere, in the same transaction."""

    def save(self, commit: bool = True) -> Any:
        with transaction.atomic(using="platform"):
            person = super().save(commit)
            sessions.end_all(person.pk, because=Session.Revoked.PERSON, actor=audit.current_actor())
        return person


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Recorded):
    """People, whichever tenants they belong to."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = NewPasswordForm
    list_display = ("email", "name", "active_", "staff_", "last_login_", "created_")
    list_filter = ("is_staff", "is_superuser", "is_active", "created")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login_", "created_")
    fieldsets = (
        (None, {"fields": (("email", "name"), "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": (("created_", "last_login_"),)}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Sign out everywhere whom this makes inactive: made active again, they sign in anew."""
        super().save_model(request, obj, form, change)
        if change and not obj.is_active:
            sessions.end_all(obj.pk, because=Session.Revoked.PERSON, actor=audit.current_actor())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # rows name who made them; somebody who left is made inactive

    @display(description="Signs in", ordering="is_active")
    def active_(self, row: User) -> SafeString:
        return badge("active" if row.is_active else "inactive")

    @display(description="Staff", ordering="is_staff", boolean=True)
    def staff_(self, row: User) -> bool:
        return row.is_staff

    @display(description="Last sign-in", ordering="last_login")
    def last_login_(self, row: User) -> SafeString:
        return moment(row.last_login)

    @display(description="Created", ordering="created")
    def created_(self, row: User) -> SafeString:
        return moment(row.created)


class MembershipForm(TenantForm):
    """Who, in which tenant, as what."""

    class Meta:
        model = Membership
        fields = ("user", "role")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("role") != Role.OWNER and is_last_owner(self.instance):
            raise ValidationError("A tenant keeps an owner: make somebody else the owner first.")
        return cleaned


@admin.register(Membership)
class MembershipAdmin(Columns, TenantFormRows):
    """What a person may do in a tenant."""

    form = MembershipForm
    list_display = ("user", "tenant", "role_", "created_")
    list_filter = ("tenant", "role", "created")
    list_select_related = ("tenant", "user")
    search_fields = ("user__email", "user__name")
    autocomplete_fields = ("user",)
    ordering = ("tenant__slug", "user__email")
    fields = ("tenant", "user", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: Any) -> None:
        """Let `members` write, as for everybody else: it judges under its lock, and it records."""
        by = members.authority_of_staff(request.user.pk)
        with as_tenant(obj.tenant):
            if change:
                members.change_role(obj.pk, to=obj.role, by=by)
            else:
                obj.pk = members.admit(obj.user, role=obj.role, actor=by.name).pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        with as_tenant(obj.tenant):
            members.remove(obj.pk, by=members.authority_of_staff(request.user.pk))

    # Recorded already, in the transaction of the application's login.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return ModelAdmin.log_addition(self, request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return ModelAdmin.log_change(self, request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return ModelAdmin.log_deletions(self, request, queryset)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # deleting many at once could leave a tenant without an owner

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_last_owner(obj))

    @display(description="Role", ordering="role")
    def role_(self, row: Membership) -> SafeString:
        return badge("active" if row.role == Role.OWNER else "role", text=row.role)


def is_last_owner(membership: Membership) -> bool:
    """Tell whether the tenant would be without an owner if this membership were gone."""
    owners = Membership.objects.filter(tenant_id=membership.tenant_id, role=Role.OWNER)
    return owners.filter(pk=membership.pk).exists() and not owners.exclude(pk=membership.pk).exists()
