"""What the start dialog asks for: an operation, its options, a selection, and the confirmation."""

import re
import uuid
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from pipeline.bulk_actions.followups import Following
from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.operations import OPERATIONS, Operation, Preview
from pipeline.bulk_actions.operations.base import Sample
from pipeline.bulk_actions.seen import partly
from pipeline.candidates.models import Opening
from pipeline.candidates.selections import Selection, SelectionError
from pipeline.candidates.sight import sight_of
from pipeline.foundation.words import counted
from pipeline.workspaces.access import NotAllowed, exporters_only
from pipeline.workspaces.models import User


class Order:
    """A bulk action as it is being put together by `user` in the dialog; nothing is saved here.

    Raises Http404 for an operation that does not exist, and for candidates or a followed action
    that the user can't see, NotOnOffer for a follow-up that there is no reason for, and
    NotAllowed for a file that the user may not have; the options form refuses folders and labels
    that the user can't see.
    """

    def __init__(self, user: User, data: QueryDict, *, is_given: bool = False) -> None:
        self.following = Following.from_data(user, data)
        kind = self.following.kind if self.following else OPERATIONS.get(data.get("operation", ""))
        if kind is None or (kind.is_follow_up and not self.following):
            raise Http404(_("This operation does not exist."))
        if not kind.may_be_ordered_by(user.membership):
            raise NotAllowed(exporters_only.sentence)
        self.kind = kind
        self.user = user
        self.list_filters = data.get("list_filters", "")
        try:
            self.selection = (
                self.following.selection if self.following else Selection.from_data(user, data)
            )
        except SelectionError as error:
            raise Http404(str(error)) from error
        known = self.following.answers if self.following else kind.form.defaults
        fields = kind.form.base_fields
        is_answered = is_given or not fields or any(name in data for name in fields)
        self.options = kind.form(
            data if is_answered else known or None,
            user=user,
            candidates=self.selection.candidates,
        )

    @cached_property
    def operation(self) -> Operation | None:
        """The operation with its options, once they are chosen."""
        if self.following and self.following.undo:
            return self.following.undo
        return self.kind(self.options.options()) if self.options.is_valid() else None

    @cached_property
    def preview(self) -> Preview | None:
        """What it would do now; None before the options are chosen."""
        if not self.operation:
            return None
        preview = self.operation.preview(self.selection.candidates)
        if self.following:
            preview.notes.extend(self.following.notes(preview.total))
        return preview

    @cached_property
    def samples(self) -> list[Sample]:
        return self.operation.samples(self.selection.candidates) if self.operation else []

    @cached_property
    def total(self) -> int:
        return self.preview.total if self.preview else self.selection.candidates.count()

    @property
    def button(self) -> str:
        """As in "Move 4,599 candidates": as many as the preview says."""
        if not self.preview:
            return self.kind.label
        return f"{self.kind.command} {counted(self.preview.changes, 'candidate')}"

    @property
    def hidden_sentence(self) -> str:
        """How many of the selection the list does not show, as it is filtered; empty for none."""
        return self.selection.hidden_sentence(self.user, self.list_filters)

    @property
    def must_type(self) -> bool:
        return self.total >= self.user.membership.workspace.typed_number_from

    @cached_property
    def overlapping(self) -> list[BulkAction]:
        """Active actions over openings that some selected candidate is in."""
        active = BulkAction.objects.visible_to(self.user).active().for_rows()
        busy = {opening for action in active for opening in action.opening_ids}
        selected = self.selection.candidates.order_by().filter(opening=OuterRef("pk"))
        openings = Opening.objects.filter(Exists(selected), pk__in=busy)
        both = set(openings.values_list("pk", flat=True)) if busy else set()
        sight = sight_of(self.user)
        return [partly(sight, action) for action in active if both & set(action.opening_ids)]


class ConfirmForm(forms.Form):
    """That this number of candidates is meant, once."""

    counted = forms.IntegerField(required=False, widget=forms.HiddenInput)
    typed_number = forms.CharField(
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, order: Order) -> None:
        super().__init__(data, initial={"key": uuid.uuid4()})
        self.order = order
        self.fields["typed_number"].label = f"Type {order.total:,} to confirm"

    def clean_counted(self) -> int | None:
        """What the dialog showed; a selection that has grown or shrunk since is shown again."""
        counted: int | None = self.cleaned_data["counted"]
        if counted is not None and counted != self.order.total:
            raise forms.ValidationError(
                f"The selection has changed from {counted:,} to {self.order.total:,} "
                f"candidates, so nothing was started. Check it and start again."
            )
        return counted

    def clean_typed_number(self) -> str:
        typed: str = self.cleaned_data["typed_number"]
        digits = re.sub(r"[\s.,'’_]", "", typed)
        if self.order.must_type and digits != str(self.order.total):
            raise forms.ValidationError(
                _("Type %(total)s to confirm that you mean all of them.")
                % {"total": f"{self.order.total:,}"}
            )
        return typed

    def clean(self) -> dict[str, Any]:
        if "key" in self.errors:
            raise forms.ValidationError(
                _("This form has expired, so nothing was started. Close it and open it again.")
            )
        if self.order.preview and self.order.preview.obstacle:
            raise forms.ValidationError(self.order.preview.obstacle)
        return self.cleaned_data
