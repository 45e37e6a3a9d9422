"""A small world for one round: two workspaces that share nothing but the machine."""

from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from pipeline.candidates.models import Label, Opening
from pipeline.journeys.lifecycle import publish
from pipeline.journeys.models import Journey
from pipeline.outreach.models import Channel, MessageLimit, MessageTemplate
from pipeline.tasks.models.rules import TaskRules
from pipeline.tasks.models.types import TaskType
from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import HASHED, insert_candidates, open_up

SOURCES = 8  # into which the candidates of an opening are divided: smaller selections
PEOPLE = 240  # in each opening
E_MAILS = 300  # a day


@dataclass
class Place:
    """What the users of a workspace can choose from, by id."""

    workspace: int
    openings: list[int]
    folders: dict[int, list[int]]  # by opening
    labels: list[int]
    template: int
    journey: int
    others: "Place | None" = None  # what is not theirs
    actions: list[int] = field(default_factory=list)  # started so far


@dataclass
class Someone:
    name: str
    pk: int
    email: str
    session: str  # a session's key: this user is logged in
    place: Place
    openings: list[int]  # that this user sees


@dataclass
class World:
    places: list[Place]
    starters: list[Someone]
    agents: list[Someone]

    @property
    def people(self) -> list[Someone]:
        return [*self.starters, *self.agents]


def build(seed: int) -> World:
    acme, globex = place("Acme"), place("Globex")
    acme.others, globex.others = globex, acme
    starters = [
        someone(acme, Role.OWNER, "Olga Berg", seed),
        someone(acme, Role.RECRUITER, "Ana Ruiz", seed),
        someone(acme, Role.RECRUITER, "Liv Holm", seed, acme.openings[:1]),
        someone(globex, Role.OWNER, "Zoe Stone", seed),
    ]
    agents = [
        someone(acme, Role.AGENT, "Chloe Tan", seed),
        someone(acme, Role.AGENT, "Cem Kaya", seed),
    ]
    return World([acme, globex], starters, agents)


def place(name: str) -> Place:
    workspace = Workspace.objects.create(
        name=name, start_delay_seconds=0, typed_number_from=1_000_000
    )
    TaskRules.objects.create(workspace=workspace, most_waiting=1000)
    for channel in Channel:
        MessageLimit.objects.create(
            workspace=workspace, channel=channel, per_second=None, number=E_MAILS, period="day"
        )
    openings = [open_up(workspace, f"{name}, {town}") for town in ("Oslo", "Leeds")]
    for opening in openings:
        for source in range(SOURCES):
            values = {
                "workspace_id": workspace.pk,
                "opening_id": opening.pk,
                "folder_id": opening.inbox.pk,
                "recruiter_id": None,
                "source": f"source {source}",
            }
            insert_candidates(PEOPLE // SOURCES, values)
    template = MessageTemplate.objects.create(
        workspace=workspace, name="Hello", channel=Channel.EMAIL, subject="Hello", body="From us."
    )
    return Place(
        workspace.pk,
        [opening.pk for opening in openings],
        {opening.pk: folders_of(opening) for opening in openings},
        [Label.objects.create(workspace=workspace, name=f"Label {n}").pk for n in range(3)],
        template.pk,
        0,
    )


def folders_of(opening: Opening) -> list[int]:
    return list(opening.folders.order_by("pk").values_list("pk", flat=True))


def someone(at: Place, role: Role, name: str, seed: int, only: list[int] | None = None) -> Someone:
    first, last = name.split(" ")
    email = f"{first.lower()}-{seed}@example.com"
    user = User.objects.create(email=email, first_name=first, last_name=last, password=HASHED)
    membership = Membership.objects.create(
        user=user, workspace_id=at.workspace, role=role, is_limited=only is not None
    )
    for opening in Opening.objects.filter(pk__in=only or ()):
        opening.members.add(membership)
    if role == Role.OWNER:
        at.journey = journey_of(at, user).pk
    return Someone(name, user.pk, email, logged_in(user), at, only or at.openings)


def journey_of(at: Place, owner: User) -> Journey:
    """Create Task, then a message, which takes a while, then Cancel Task."""
    calls = [TaskType.OUTBOUND_CALL.value]
    e_mail = {"template": at.template, "template_name": "Hello"}
    blocks = [
        ("create_task", {"type": calls[0]}),
        ("send_email", e_mail),
        ("cancel_task", {"scope": "type", "types": calls}),
    ]
    nodes = {
        f"b{n}": {
            "type": type,
            "options": options,
            "ways": {"next": f"b{n + 1}" if n < 3 else None},
        }
        for n, (type, options) in enumerate(blocks, start=1)
    }
    draft = {
        "trigger": {"type": "by_hand", "options": {}},
        "reentry": {"rule": "always"},
        "start": "b1",
        "blocks": nodes,
    }
    journey = Journey.objects.create(
        workspace_id=at.workspace, name="Call, then write", draft=draft, created_by=owner
    )
    publish(journey, owner)
    return journey


def logged_in(user: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(timedelta(hours=1))
    session.create()
    return str(session.session_key)
