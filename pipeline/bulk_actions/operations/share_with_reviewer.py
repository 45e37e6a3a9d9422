import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from pipeline.candidates.models import CandidateQuerySet
from pipeline.candidates.sharing.links import link_to
from pipeline.candidates.sharing.models import Share
from pipeline.outreach.limits import LimitReached
from pipeline.outreach.models import Channel, Message, MessageStatus
from pipeline.outreach.pace import Pace
from pipeline.outreach.senders import Unavailable, sender_for

from .base import Operation, OptionsForm, Preview, Unfinished
from .drafts import CantSend, Draft

if TYPE_CHECKING:
    from pipeline.bulk_actions.models import BulkAction

DAYS = (7, 14, 30)


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

    def options(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("reviewer", "note", "days")}

    @classmethod
    def answers(cls, options: dict[str, Any]) -> dict[str, Any]:
        return options


class ShareWithReviewer(Operation):
    """Show candidates to somebody outside, by a link that expires.

    The chunks fill one Share, kept apart by the action's id; the conclusion sends its link in one
    e-mail, by the same steps and rules as messages to candidates (handing_over.py).
    """

    key = "share_with_reviewer"
    label = "Share with a reviewer"
    command = "Share"
    form = ShareForm
    verb = "shared"
    has_conclusion = True
    on_cancel = "The link is not sent, so nobody sees them."

    @property
    def title(self) -> str:
        title = f"Share with {self.options['reviewer']}"
        return title if len(title) <= 200 else title[:199] + "…"

    @property
    def details(self) -> str:
        return f"The link works for {self.options['days']} days."

    def preview(self, candidates: CandidateQuerySet) -> Preview:
        obstacle = "" if is_reachable() else NOWHERE
        return Preview(candidates.count(), notes=[SEEN], obstacle=obstacle)

    def apply(self) -> tuple[str, dict[str, Any]]:
        return SQL, {**self.options, "elsewhere": "Moved to another opening before its turn came."}

    def describe_before(self, befores: list[dict[str, Any]]) -> list[str]:
        return [""] * len(befores)

    def conclude(self, action: "BulkAction") -> dict[str, Any]:
        from pipeline.bulk_actions.handing_over import settle

        share = Share.objects.select_related("workspace", "created_by").get(
            bulk_action_id=action.pk
        )
        if not share.still_there.exists():
            raise Unfinished("None of the candidates is there any more, so nothing was shared.")
        settle(action, None)  # an e-mail that a crash left half sent
        sent = Message.objects.filter(bulk_action_id=action.pk, candidate=None).first()
        sent = sent or self.send(action, share)
        if sent and sent.status != MessageStatus.SENT:
            raise Unfinished(not_sent(share, sent.problem))
        return {}

    def send(self, action: "BulkAction", share: Share) -> Message | None:
        """The e-mail after its third step; None when the action was canceled before the first."""
        from pipeline.bulk_actions.handing_over import Stopped, begin, hand_over, take_back

        if not is_reachable():
            raise Unfinished(not_sent(share, NOWHERE))
        message, sender = None, sender_for(Channel.EMAIL)
        try:
            sender.open()
            time.sleep(Pace(action.workspace_id, Channel.EMAIL).wait())
            message = begin(action, email_about(share), None)
            hand_over(sender, message)
            message.refresh_from_db()
        except Stopped:
            return None
        except (CantSend, LimitReached) as reason:
            raise Unfinished(not_sent(share, str(reason))) from None
        except Unavailable as reason:
            if message:
                take_back(message)
            raise Unfinished(not_sent(share, str(reason))) from None
        finally:
            sender.close()
        return message


def is_reachable() -> bool:
    """Whether a link can be made that leads here."""
    return bool(settings.PUBLIC_URL)


def not_sent(share: Share, why: str) -> str:
    return f"The e-mail to {share.reviewer} could not be sent: {why} The link is on this page."


def email_about(share: Share) -> Draft:
    count = share.still_there.count()
    who = f"{share.created_by} of {share.workspace}"
    candidates = f"{count:,} candidate{'' if count == 1 else 's'}"
    until = timezone.localtime(share.expires_at, share.workspace.tz)
    expiry = f"{date_format(until, 'j F Y, H:i')} ({share.workspace.time_zone})"
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


SEEN = (
    "The reviewer sees names, openings, folders, labels, sources and attributes, but no "
    "e-mail addresses, phones, reject reasons or remarks."
)
NOWHERE = (
    "Belay does not know its own address, so no link can be made. "
    "The operator sets it as PUBLIC_URL."
)

# The first chunk makes the share. The update that changes nothing is how another one gets its id,
# also when that one waited for the first to commit: DO NOTHING would return no row.
SQL = """
share AS (
    INSERT INTO candidates_share
        (workspace_id, reviewer, note, created_by_id, expires_at, bulk_action_id)
    SELECT workspace_id, %(reviewer)s, %(note)s, started_by_id,
           now() + %(days)s::int * interval '1 day', id
    FROM bulk_actions_bulkaction WHERE id = %(engine_action)s
    ON CONFLICT (bulk_action_id) DO UPDATE SET note = excluded.note
    RETURNING id
), judged AS (
    SELECT picked.id, picked.opening_id = ANY(action.opening_ids) AS is_there
    FROM picked JOIN bulk_actions_bulkaction AS action ON action.id = %(engine_action)s
), shared AS (
    INSERT INTO candidates_sharedcandidate (share_id, candidate_id)
    SELECT share.id, judged.id FROM share, judged WHERE judged.is_there
    ON CONFLICT DO NOTHING
), outcome AS (
    SELECT judged.id AS candidate_id,
           CASE WHEN is_there THEN 1 ELSE 3 END AS result,
           CASE WHEN is_there THEN '' ELSE %(elsewhere)s END AS reason,
           '{}'::jsonb AS before
    FROM judged
)
"""
