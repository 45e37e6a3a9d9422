"""Names of openings and folders that somebody does not see, taken out of sentences."""

import pytest

from pipeline.candidates.models import Folder, Opening
from pipeline.candidates.models.former_name import FormerName
from pipeline.candidates.sight import Sight
from pipeline.workspaces.models import Workspace
from tests.conftest import open_up


@pytest.fixture
def vault(workspace: Workspace) -> Opening:
    """Renamed since, as is its folder."""
    vault = open_up(workspace, "Old Quarry")
    hangar = Folder.objects.create(opening=vault, name="Depot", position=9)
    Opening.objects.filter(pk=vault.pk).update(name="Xanadu Vault")
    Folder.objects.filter(pk=hangar.pk).update(name="Zeppelin Hangar")
    return vault


@pytest.fixture
def sight(workspace: Workspace, opening: Opening, vault: Opening) -> Sight:
    return Sight(workspace.pk, frozenset([opening.pk]))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Move to Zeppelin Hangar", "Move to another opening"),
        ("Zeppelin Hangar, Xanadu Vault", "another opening"),
        ("Depot of Old Quarry.", "another opening."),
        ("the folder “Depot” of Xanadu Vault", "the folder “another opening” of another opening"),
        ("Import of a.csv into Xanadu V…", "Import of a.csv into another opening…"),
        # A name that something has that is seen is no secret; a part of a word is no name.
        ("Moved from Inbox to Hired in Customer Support, Manila", None),
        ("The Xanadu Vaults are deposited", None),
        ("", None),
    ],
)
def test_what_is_read_instead(sight: Sight, text: str, clean: str | None) -> None:
    assert sight.clean(text) == (text if clean is None else clean)


def test_whoever_sees_all_reads_all(workspace: Workspace, vault: Opening) -> None:
    assert Sight(workspace.pk, None).clean("Move to Depot") == "Move to Depot"


def test_another_workspace_s_names_are_ordinary_words(sight: Sight, stranger: object) -> None:
    assert sight.clean("Night Porter, Oslo") == "Night Porter, Oslo"


def test_the_names_of_what_was_deleted_are_kept(sight: Sight, vault: Opening) -> None:
    vault.folders.create(name="Gone Attic", position=11).delete()
    vault.delete()

    assert sight.clean("Gone Attic of Xanadu Vault") == "another opening"


def test_they_go_with_their_workspace(db: None) -> None:
    workspace = Workspace.objects.create(name="Short-lived")
    open_up(workspace, "Brief").delete()
    open_up(workspace, "Brief 2")
    assert FormerName.objects.exists()

    workspace.delete()

    assert not FormerName.objects.exists()
