from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from .audit import AuditEntry
from .audited_admin import AuditedAdmin
from .models import Membership, User, Workspace, membership_of
from .webhooks import admin as webhooks_admin  # noqa: F401  # Django looks for admins here only


class NewUserForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class UserForm(UserChangeForm[User]):
    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class MembershipInline(admin.StackedInline[Membership, User]):
    model = Membership
    autocomplete_fields = ("workspace",)


@admin.register(User)
class UserAdmin(AuditedAdmin[User], DjangoUserAdmin[User]):
    """Logs in by e-mail: there is no user name."""

    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "place", "is_active", "is_staff")
    list_select_related = ("membership__workspace", "membership__user")
    search_fields = ("email", "first_name", "last_name")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "email",
                    "first_name",
                    "last_name",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
    )

    @admin.display(description="Membership")
    def place(self, user: User) -> str:
        return str(user.membership) if hasattr(user, "membership") else "none"


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin[Membership]):
    list_display = ("user", "workspace", "role", "is_limited")
    list_filter = ("role", "is_limited", "workspace")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__first_name", "user__last_name")
    autocomplete_fields = ("user", "workspace")


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin[Workspace]):
    list_display = ("name", "time_zone", "start_delay_seconds", "typed_number_from")
    search_fields = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its audit would have to go with it, which the database refuses."""
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """To be read, and nothing else."""

    list_display = ("at", "workspace", "actor_name", "verb", "subject", "address")
    list_filter = ("at", ("workspace", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("actor_name", "verb", "subject")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = ("at", "workspace", "actor_name", "verb", "subject", "link", "address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """All, but for staff who work in a workspace and are no superusers: what they see there."""
        entries = super().get_queryset(request)
        if request.user.is_superuser or membership_of(request.user) is None:
            return entries
        return entries.filter(pk__in=AuditEntry.objects.visible_to(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
