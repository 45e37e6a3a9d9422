"""Templates fit the eye."""

from pathlib import Path

from django.conf import settings


def test_no_line_is_longer_than_160_characters() -> None:
    templates = (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    long = [
        f"{path.name}:{number}"
        for path in templates
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > 160
    ]

    assert not long
