from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from pipeline.bulk_actions.models import BulkAction
from pipeline.bulk_actions.models.bulk_action import LONGEST_TITLE
from pipeline.bulk_actions.writing.message import ActionMessage, settle
from pipeline.candidates.models import Candidate, CandidateQuerySet
from pipeline.candidates.models.share import Share
from pipeline.candidates.sharing import shown
from pipeline.candidates.sharing.links import link_to
from pipeline.candidates.sql.shares import sharing
from pipeline.foundation.words import clipped, counted
from pipeline.outreach import limits
from pipeline.outreach.delivery import Stopped, deliver
from pipeline.outreach.drafts import Draft
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Channel, Message, MessageStatus
from pipeline.outreach.pace import Pace
from pipeline.outreach.reasons import Code, Reason
from pipeline.outreach.senders import Unavailable, sender_for
from pipeline.workspaces.models import Workspace

from .base import Operation, OptionsForm, Preview, Skip, Unfinished
from .set_attribute import names_in_use

DAYS = (7, 14, 30)
ANSWERS = ("reviewer", "note", "days", "shows", "attributes")
LONGEST_NAME = 1000  # of an attribute


class AttributesField(forms.MultipleChoiceField):
    """Names of attributes. One that nobody selected has any more does no harm: it is not shown."""

    def valid_value(self, value: str) -> bool:
        return is_name(value)


def is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and "\0" not in text


class ShareForm(OptionsForm):
    reviewer = forms.EmailField(label="Reviewer’s e-mail")
    note = forms.CharField(
        required=False,
        max_length=2000,
        label="Note for the reviewer (optional)",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    days = forms.TypedChoiceField(
        choices=[(days, f"{days} days") for days in DAYS],
        coerce=int,
        initial=DAYS[1],
        label="The link works for",
    )
    shows = forms.MultipleChoiceField(
        choices=[(key, field.heading) for key, field in shown.FIELDS.items()],
        required=False,
        initial=shown.BY_DEFAULT,
        label="The reviewer sees the names and",
        widget=forms.CheckboxSelectMultiple,
    )
    attributes = AttributesField(
        required=False,
        label="And these attributes",
        widget=forms.CheckboxSelectMultiple,
        help_text="None is shown unless you choose it.",
    )

    def offer(self) -> None:
        """The attributes that the selected have, and those that were chosen before."""
        field = self.fields["attributes"]
        assert isinstance(field, AttributesField)
        everybody = Candidate.objects.visible_to(self.user)
        found = names_in_use(everybody if self.candidates is None else self.candidates)
        chosen = field.widget.value_from_datadict(self.data, self.files, "attributes") or []
        names = dict.fromkeys([*found, *filter(is_name, chosen)])
        field.choices = [(name, name) for name in names]
        if not names:
            del self.fields["attributes"]

    def options(self) -> dict[str, Any]:
        answers = {name: self.cleaned_data.get(name, []) for name in ANSWERS}
        return answers | {"workspace": self.user.membership.workspace_id}

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ANSWERS if name in options}


class ShareWithReviewer(Operation):
    """Show candidates to somebody outside, by a link that expires.

    The chunks fill one Share, kept apart by the action's id; the conclusion sends its link in one
    e-mail, by the same steps and rules as messages to candidates (outreach/delivery.py).
    """

    key = "share_with_reviewer"
    label = "Share with a reviewer"
    changes = ()
    command = "Share"
    form = ShareForm
    verb = "shared"
    has_conclusion = True
    concluding = "Sending the e-mail…"
    mails_at_the_end = True
    on_cancel = "The link is not sent, so nobody sees them."

    @property
    def title(self) -> str:
        return clipped(f"Share with {self.options['reviewer']}", LONGEST_TITLE)

    @property
    def details(self) -> str:
        return f"The link works for {self.options['days']} days. It shows: {self.shown}."

    @property
    def shows(self) -> list[str]:
        """The chosen fields; in an order of before there was a choice, those that do no harm."""
        return list(self.options.get("shows", shown.BY_DEFAULT))

    @property
    def attributes(self) -> list[str]:
        return list(self.options.get("attributes", []))

    @property
    def shown(self) -> str:
        return ", ".join(shown.names_of(self.shows, self.attributes))

    @property
    def queue(self) -> str:
        return "messages"

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        obstacle = "" if is_reachable() else NOWHERE
        total = candidates.count()
        return Preview(total, self.over_limit(total), notes=[self.seen], obstacle=obstacle)

    @property
    def seen(self) -> str:
        """What the reviewer is to see, in full: all the rest stays here."""
        return (
            f"The page shows of each candidate, as it is then: {self.shown}. Nothing else of them "
            "is shown, also not what is added later. The e-mail holds their number, your note "
            "and the link."
        )

    def over_limit(self, total: int) -> list[Skip]:
        """All of them, while no e-mail is left: then the link would not be sent."""
        workspace = Workspace.objects.filter(pk=self.options.get("workspace", 0)).first()
        if not (total and workspace and limits.left(workspace, Channel.EMAIL) == 0):
            return []
        none_left = limits.describe_left(workspace, Channel.EMAIL).replace("0", "No", 1)
        return [Skip(total, f"{none_left}: the link is not sent, and the action will be Halted.")]

    def apply(self) -> tuple[str, dict[str, Any]]:
        return SQL, {
            "reviewer": self.options["reviewer"],
            "note": self.options["note"],
            "days": self.options["days"],
            "shows": self.shows,
            "attributes": self.attributes,
        }

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)

    def conclude(self, action: BulkAction) -> dict[str, Any]:
        share = Share.objects.select_related("workspace", "created_by").get(
            bulk_action_id=action.pk
        )
        if not share.still_there.exists():
            raise Unfinished("None of the candidates is there any more, so nothing was shared.")
        settle(action, None)  # an e-mail that a crash left half sent
        sent = Message.objects.filter(bulk_action_id=action.pk, candidate=None).first()
        sent = sent or self.send(action, share)
        if sent and sent.status == MessageStatus.FAILED:
            action.discard()  # if it was stopped while the e-mail was under way
        if sent and sent.status != MessageStatus.SENT:
            raise Unfinished(not_sent(share, sent.problem))
        return {}

    def send(self, action: BulkAction, share: Share) -> Message | None:
        """The e-mail after its last step; None when the action was canceled before the first."""
        if not is_reachable():
            raise Unfinished(not_sent(share, NOWHERE))
        sender, pace = sender_for(Channel.EMAIL), Pace(action.workspace_id, Channel.EMAIL)
        try:
            message = deliver(ShareEmail(action, share), sender, pace, within=None)
        except Stopped:
            return None
        except LimitReached as limit:
            raise LimitReached(limit.reason.within(Code.EMAIL_NOT_SENT)) from None
        except Unavailable as reason:
            raise Unfinished(not_sent(share, str(reason))) from None
        finally:
            sender.close()
        if message:
            message.refresh_from_db()
        return message


class ShareEmail(ActionMessage):
    """The one message of the action, to somebody who is no candidate."""

    def __init__(self, action: BulkAction, share: Share) -> None:
        super().__init__(action)
        self.share = share

    def draft(self) -> Draft:
        return email_about(self.share)

    def refuse(self, reason: Reason) -> None:
        raise Unfinished(not_sent(self.share, str(reason)))


def is_reachable() -> bool:
    """Whether a link can be made that leads here."""
    return bool(settings.PUBLIC_URL)


def not_sent(share: Share, why: str) -> str:
    return f"The e-mail to {share.reviewer} could not be sent: {why} Open Review to copy the link."


def email_about(share: Share) -> Draft:
    candidates = counted(share.still_there.count(), "candidate")
    who = f"{share.created_by} of {share.workspace}"
    until = timezone.localtime(share.expires_at, share.workspace.tz)
    expiry = f"{date_format(until, 'j F Y, H:i')} ({share.workspace.tz.key})"
    paragraphs = [
        f"{who} asks you to review {candidates}.",
        share.note,
        f"See them here: {link_to(share)}",
        f"The link works until {expiry}. Whoever has it sees the candidates: keep it to yourself.",
        f"Questions? Write to {share.created_by.email}.",
    ]
    return Draft(
        channel=Channel.EMAIL,
        address=share.reviewer,
        subject=" ".join(f"{candidates} to review, from {who}".split()),
        body="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
    )


NOWHERE = (
    "Belay does not know its own address, so no link can be made. "
    "The operator sets it as PUBLIC_URL."
)

SQL = f"""
ordered AS (
    SELECT id, workspace_id, started_by_id, opening_ids
    FROM bulk_actions_bulkaction WHERE id = %(engine_action)s
), judged AS (
    SELECT picked.id, picked.opening_id = ANY(ordered.opening_ids) AS is_there FROM picked, ordered
), {sharing("judged", "judged.is_there")}, outcome AS (
    SELECT judged.id AS candidate_id,
           CASE WHEN is_there THEN %(CHANGED)s ELSE %(FAILED)s END AS result,
           CASE WHEN is_there THEN '' ELSE %(MOVED_AWAY)s END AS reason,
           NULL::jsonb AS facts, '{{}}'::jsonb AS before
    FROM judged
)
"""  # noqa: S608
