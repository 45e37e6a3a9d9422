"""The two questions before an import: which file into which opening, and which column is what."""

from collections.abc import Iterator
from typing import Any

import phonenumbers
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext, gettext_lazy

from pipeline.candidates.models import Opening
from pipeline.candidates.models.attributes import MOST, TOO_MANY
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.foundation.quotas import QuotaReached
from pipeline.workspaces.models import User

from . import quotas
from .columns import FIELDS, OPT_OUTS, missing
from .encodings import ENCODINGS
from .errors import ImportRefused
from .people import ATTRIBUTES
from .reading import Layout, Wanted
from .starting import from_upload

IGNORE, KEEP = "", "keep"
SEPARATORS = {
    "": "Each cell is one label",
    ",": "Comma",
    ";": "Semicolon",
    "|": "Pipe |",
    "\n": "Line break",
    ":": "Colon",
}


def regions() -> list[tuple[str, str]]:
    codes = sorted(phonenumbers.SUPPORTED_REGIONS)
    prefix = phonenumbers.country_code_for_region
    return [
        ("", gettext("None: reject these numbers")),
        *((code, f"{code} (+{prefix(code)})") for code in codes),
    ]


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), up to {limit}. Extra rows above the column headings are fine."
        ),
        error_messages={
            "empty": "The file is empty. Export the candidates again and upload the new file."
        },
    )
    opening = forms.ModelChoiceField(
        Opening.objects.none(),
        empty_label="Choose an opening",
        help_text=gettext_lazy("The opening these candidates apply to."),
    )
    region = forms.ChoiceField(
        label="Phone numbers without a country code are from",
        choices=regions,
        required=False,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        limit = filesizeformat(settings.IMPORT_MAX_BYTES)
        self.fields["file"].help_text = self.fields["file"].help_text.format(limit=limit)
        self.fields["file"].widget.attrs |= {
            "accept": ".csv,.txt,.tsv,.xlsx",
            "data-most-bytes": settings.IMPORT_MAX_BYTES,
            "data-too-large": gettext(
                "The file is too large. The limit is %(limit)s: split the file into smaller ones."
            )
            % {"limit": limit},
        }
        self.fields["region"].initial = user.membership.workspace.phone_region
        openings: Any = self.fields["opening"]
        openings.queryset = Opening.objects.visible_to(user)

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(
                gettext(
                    "The file is %(size)s; the limit is %(limit)s. Split it into smaller files."
                )
                % {
                    "size": filesizeformat(file.size or 0),
                    "limit": filesizeformat(settings.IMPORT_MAX_BYTES),
                }
            )
        return file

    def clean(self) -> dict[str, Any]:
        try:  # before the file is looked at, which takes long
            quotas.check(self.user)
        except QuotaReached as reason:
            self.add_error("file", str(reason))
        return self.cleaned_data

    def save(self) -> CandidateImport | None:
        """Keep the file and the guess; None, with the reason at `file`, when that can't be."""
        data = self.cleaned_data
        try:
            return from_upload(data["file"], data["opening"], data["region"], self.user)
        except (ImportRefused, QuotaReached) as refused:
            self.add_error("file", str(refused))
            return None


class ColumnsForm(forms.Form):
    """A select for each column that holds something."""

    separator = forms.ChoiceField(
        label=gettext_lazy("Separator between labels in a cell"),
        choices=list(SEPARATORS.items()),
        required=False,
    )
    region = forms.ChoiceField(
        label="Phone numbers without a country code are from", choices=regions, required=False
    )

    def __init__(self, *args: Any, imported: CandidateImport, **kwargs: Any) -> None:
        initial = {"separator": imported.separator, "region": imported.phone_region}
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.imported = imported
        self.layout = Layout.from_json(imported.layout)
        self.columns = self.layout.columns
        self.add_choices_of_reading()
        # One that was uploaded before there were previews has none: all its columns are shown.
        preview = imported.preview or {"filled": self.columns, "rows": []}
        self.sample: list[list[str]] = preview["rows"]
        self.filled = {*preview["filled"], *imported.mapping.values(), *imported.opt_outs}
        field_of = {heading: field for field, heading in imported.mapping.items()}
        field_of |= imported.opt_outs
        for number, heading in enumerate(self.columns):
            if heading in self.filled:
                kept = KEEP if heading in imported.kept else IGNORE
                self.fields[f"column-{number}"] = forms.ChoiceField(
                    label=heading,
                    required=False,
                    initial=field_of.get(heading, kept),
                    choices=[
                        (IGNORE, "Ignore"),
                        (KEEP, "Keep as attribute"),
                        *FIELDS.items(),
                        *OPT_OUTS.items(),
                    ],
                )

    def add_choices_of_reading(self) -> None:
        """How the file is read: what is changed here is looked at before it is imported."""
        layout = self.layout
        if layout.container == "csv":
            self.fields["encoding"] = forms.ChoiceField(
                label="Encoding of the file",
                choices=list(ENCODINGS.items()),
                initial=layout.encoding,
                required=False,
            )
        if len(layout.sheets) > 1:
            self.fields["sheet"] = forms.ChoiceField(
                label="Sheet",
                choices=[(sheet["name"], name_of(sheet)) for sheet in layout.sheets],
                initial=layout.sheet,
                required=False,
            )
        if layout.hidden_rows:
            self.fields["with_hidden"] = forms.BooleanField(
                label=f"Also the {layout.hidden_rows:,} hidden rows, as a filter leaves them",
                initial=layout.with_hidden,
                required=False,
            )

    def choices_of_reading(self) -> list[forms.BoundField]:
        return [self[name] for name in ("encoding", "sheet", "with_hidden") if name in self.fields]

    def wanted(self) -> Wanted:
        """How the file is to be read, as chosen; what was not asked stays."""
        now, chosen = self.layout.wanted(), self.cleaned_data
        return Wanted(
            encoding=chosen.get("encoding") or now.encoding,
            sheet=chosen.get("sheet") or now.sheet,
            with_hidden=chosen.get("with_hidden", now.with_hidden),
        )

    def is_read_otherwise(self) -> bool:
        return self.wanted() != self.layout.wanted()

    def rows(self) -> Iterator[tuple[forms.BoundField, list[str]]]:
        """Each column's field with the first values in it."""
        for number, _ in enumerate(self.columns):
            if f"column-{number}" in self.fields:
                yield self[f"column-{number}"], [row[number] for row in self.sample]

    def empty_columns(self) -> int:
        return len(self.columns) - len(self.filled)

    def clean(self) -> dict[str, Any]:
        self.mapping: dict[str, str] = {}
        self.kept: list[str] = []
        self.opt_outs: dict[str, str] = {}
        for number, heading in enumerate(self.columns):
            field = self.cleaned_data.get(f"column-{number}", IGNORE)
            if field in self.mapping:
                self.add_error(
                    f"column-{number}",
                    gettext(
                        "“%(column)s” is already imported as %(field)s. Choose only one of the two."
                    )
                    % {"column": self.mapping[field], "field": FIELDS[field]},
                )
            elif field == KEEP:
                self.kept.append(heading)
            elif field in OPT_OUTS:
                self.opt_outs[heading] = field
            elif field != IGNORE:
                self.mapping[field] = heading
        if lack := missing(self.mapping):
            self.add_error(None, lack)
        attributes = [*self.kept, *(field for field in ATTRIBUTES if field in self.mapping)]
        if len(attributes) > MOST:
            self.add_error(
                None,
                f"{TOO_MANY} You are keeping {len(attributes):,} columns: ignore some of them.",
            )
        return self.cleaned_data

    def save(self) -> None:
        """Keep what was chosen; of a form with mistakes what can be read."""
        imported = self.imported
        imported.mapping, imported.kept = self.mapping, self.kept
        imported.opt_outs = self.opt_outs
        imported.separator = self.cleaned_data.get("separator", imported.separator)
        imported.phone_region = self.cleaned_data.get("region", imported.phone_region)
        imported.save(update_fields=["mapping", "opt_outs", "kept", "separator", "phone_region"])


def name_of(sheet: dict[str, Any]) -> str:
    hidden = ", hidden" if sheet["is_hidden"] else ""
    return f"{sheet['name']} ({sheet['rows']:,} row{'s' * (sheet['rows'] != 1)}{hidden})"
