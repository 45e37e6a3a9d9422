"""A member's role and limits, and the form that adds one."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from pipeline.foundation.first_come import save_first
from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces import invitations
from pipeline.workspaces.memberships import LastOwner, change
from pipeline.workspaces.models import Membership, Role, User, Workspace
from pipeline.workspaces.models.audit import record

TAKEN = (
    "This e-mail already has an account. If it is not in the list of members, it "
    "belongs to another workspace. Use a different e-mail here."
)


class MemberForm(forms.ModelForm[Membership]):
    openings: Any = forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Openings of a limited member",
    )

    can_export = forms.BooleanField(
        required=False,
        label=gettext_lazy("Can export"),
        help_text=(
            gettext_lazy(
                "This member can download lists of candidates and tasks as files. Each "
                "download is recorded in the audit. Until you change this, the role "
                "decides: Owners, Admins and Recruiters can export, Agents and Support "
                "can’t. Owners always can."
            )
        ),
    )

    class Meta:
        model = Membership
        fields = ("role", "is_limited")

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = Role.choices  # type: ignore[attr-defined]  # no empty one
        openings = cast("forms.ModelMultipleChoiceField[Any]", self.fields["openings"])
        openings.queryset = workspace.openings.all()
        if self.instance.pk:
            openings.initial = self.instance.openings.all()
            self.fields["can_export"].initial = self.instance.can_export

    @property
    def chosen(self) -> tuple[str, QuerySet[Any] | None]:
        """Return the chosen role and openings; None for all openings."""
        data = self.cleaned_data
        return data["role"], data["openings"] if data["is_limited"] else None

    def apply(self, by: User) -> bool:
        """Save a valid form. False, with the reason among the errors, for the last Owner."""
        member = Membership.objects.select_related("user", "workspace").get(pk=self.instance.pk)
        role, openings = self.chosen
        can_export = self.cleaned_data["can_export"] if "can_export" in self.changed_data else None
        try:
            change(member, role, openings, by, can_export)
        except LastOwner as last:
            self.add_error("role", str(last))
            return False
        return True


class NewMemberForm(MemberForm):
    can_export = None  # type: ignore[assignment]  # as the role says, to begin with
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(
        label="E-mail",
        help_text=gettext_lazy("The member logs in with this e-mail. It can't be changed later."),
    )
    field_order = ("first_name", "last_name", "email", "role", "is_limited", "openings")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without one the browser shows the first, Owner.
        self.fields["role"].initial = Role.AGENT

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(TAKEN)
        return email

    def join(self, workspace: Workspace, by: User) -> Membership | None:
        """Create and return the member, without a password; None, with the error, if that fails."""
        data = self.cleaned_data
        role, openings = self.chosen
        names = {"first_name": data["first_name"], "last_name": data["last_name"]}

        def save() -> Membership:
            invitations.check_exactly(workspace)
            user = User.objects.create_user(data["email"], **names)
            member = Membership.objects.create(
                user=user, workspace=workspace, role=role, is_limited=openings is not None
            )
            member.openings.set(openings or ())
            record(workspace, by, invitations.ADDED, f"{user} as {member.get_role_display()}")
            return member

        try:
            return save_first(self, save)
        except QuotaReached as reason:
            self.add_error("email", str(reason))
            return None
