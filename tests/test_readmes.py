"""What the READMEs name is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob(".github/*.md")),
    *sorted(ROOT.glob("pipeline/*/README.md")),
    *(
        ROOT / folder / "README.md"
        for folder in ("config", "config/deploy", "notifications", "tests")
    ),
]
ROOMS = [page for page in PAGES if page.name == "README.md"]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#([\w-]+))?\)", page.read_text())

    assert not [to for to, _ in links if not (page.parent / to).exists()]
    for to, part in links:
        if not part:
            continue
        headings = re.findall(r"^#+ (.*)$", (page.parent / to).read_text(), re.MULTILINE)
        assert part in [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]


@pytest.mark.parametrize("page", ROOMS, ids=named)
def test_files_are_where_the_page_says(page: Path) -> None:
    names = re.findall(r"`(\w[\w./-]*\.py)`", page.read_text())

    assert not [
        name for name in names if not ((ROOT / name).exists() or any(page.parent.rglob(name)))
    ]


@pytest.mark.parametrize(
    "room", [path.parent for path in ROOT.glob("pipeline/*/__init__.py")], ids=named
)
def test_every_room_has_one(room: Path) -> None:
    assert (room / "README.md").exists()


def test_a_newcomer_can_read_it_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
