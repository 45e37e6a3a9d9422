from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .admin_access import OwnStacked, WorkspaceModelAdmin
from .admin_lists import ReadOnly
from .admin_reach import may_touch, reach_form
from .audited_admin import AuditedAdmin
from .models import Membership, User, Workspace
from .models.audit import AuditEntry
from .restores.confirming import confirm

# Django looks for admins here only.
from .setbacks import admin as setbacks_admin  # noqa: F401
from .webhooks import admin as webhooks_admin  # noqa: F401

RIGHTS = ("is_staff", "is_superuser", "groups", "last_login", "date_joined")


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


class MembershipInline(OwnStacked[Membership, User]):
    model = Membership
    autocomplete_fields = ("workspace",)

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        """A new user without a membership would be out of the sight of staff who made it."""
        kwargs = {"form": reach_form(request)} | kwargs
        if not request.user.is_superuser:
            kwargs = {"min_num": 1, "validate_min": True} | kwargs
        return super().get_formset(request, obj, **kwargs)


@admin.register(User)
class UserAdmin(AuditedAdmin[User], DjangoUserAdmin[User]):
    """Logs in by e-mail: there is no user name.

    Who may enter the admin site, and with which rights, is for superusers: staff change neither
    that nor, with a password or an e-mail address, the logins of people who have such rights, or
    who may more in the workspace than they themselves.
    """

    workspace_path = "membership__workspace"
    is_for_limited = True
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

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return () if request.user.is_superuser else RIGHTS

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    @admin.display(description="Membership")
    def place(self, user: User) -> str:
        return str(user.membership) if hasattr(user, "membership") else "none"


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin[Membership]):
    """Only superusers change the role and the limit of people who may enter the admin site.

    Staff give no role and no sight above their own.
    """

    is_for_limited = True
    list_display = ("user", "workspace", "role", "is_limited")
    ordering = ("user__email",)  # its choices elsewhere come in pages
    list_filter = ("role", "is_limited", "workspace")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__first_name", "user__last_name")
    autocomplete_fields = ("user", "workspace")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, **{"form": reach_form(request)} | kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        user = obj.user if obj else None
        return super().has_change_permission(request, obj) and may_touch(request, user)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        user = obj.user if obj else None
        return super().has_delete_permission(request, obj) and may_touch(request, user)


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin[Workspace]):
    workspace_path = "pk"
    is_for_limited = True
    list_display = (
        "name",
        "time_zone",
        "start_delay_seconds",
        "typed_number_from",
        "messages_held_since",
    )
    search_fields = ("name",)
    actions = ("let_messages_go",)

    @admin.action(description="Release messages held after a restore", permissions=["change"])
    def let_messages_go(self, request: HttpRequest, workspaces: QuerySet[Workspace]) -> None:
        """For whoever runs this Belay, where no Owner is at hand."""
        assert isinstance(request.user, User)
        count = sum(confirm(workspace, by=request.user) for workspace in workspaces)
        self.message_user(request, _("Messages released in %(count)s of them.") % {"count": count})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its audit would have to go with it, which the database refuses."""
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, WorkspaceModelAdmin[AuditEntry]):
    """To be read, and nothing else."""

    list_display = ("at", "workspace", "actor_name", "verb", "subject", "address")
    list_filter = ("at", ("workspace", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("actor_name", "verb", "subject")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    fields = ("at", "workspace", "actor_name", "verb", "subject", "link", "address")
