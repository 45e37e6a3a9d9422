"""Imports a file of candidates, here and now; the page /candidates/import/ does it in a worker."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext

from pipeline.candidates.importing import locks
from pipeline.candidates.importing.columns import FIELDS, OPT_OUTS, guess, guess_opt_outs, missing
from pipeline.candidates.importing.encodings import ENCODINGS, codec_named
from pipeline.candidates.importing.errors import ImportRefused
from pipeline.candidates.importing.jobs import attempt, forget_file
from pipeline.candidates.importing.reader_process import look
from pipeline.candidates.importing.reading import Layout, Wanted
from pipeline.candidates.importing.starting import from_file
from pipeline.candidates.models import Opening
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.candidates.models.import_reasons import REASONS
from pipeline.workspaces.models import Workspace


class Command(BaseCommand):
    help = "Import candidates from a CSV or XLSX file into an opening."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--opening", required=True, help=gettext("name of the opening"))
        parser.add_argument(
            "--create-opening",
            action="store_true",
            help=gettext("create the opening if it does not exist"),
        )
        parser.add_argument(
            "--workspace", help=gettext("name of the workspace; optional if there is only one")
        )
        parser.add_argument(
            "--region",
            help=gettext("country of phone numbers without a country code, for example GB"),
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=HEADING",
            help=gettext(
                "map a field to a heading; without a heading, ignore the field. Fields: %(fields)s"
            )
            % {"fields": ", ".join([*FIELDS, *OPT_OUTS])},
        )
        parser.add_argument("--encoding", help="of a CSV, like windows-1250; else it is guessed")
        parser.add_argument("--sheet", help="of a workbook; else the one with the most headings")
        parser.add_argument(
            "--hidden-rows", action="store_true", help="also rows of a workbook that are hidden"
        )
        parser.add_argument("--rejected", type=Path, help="write the rejected rows to this CSV")

    def handle(self, **options: Any) -> None:
        try:
            wanted = wanted_by(options)
            layout = look(options["file"], wanted).layout
            mapping, opt_outs = mapping_of(layout, options["map"])
            workspace = workspace_named(options["workspace"])
            opening = opening_named(options["opening"], workspace, options["create_opening"])
            self.is_new_opening = opening.pk is None
            if self.is_new_opening:
                opening.save()
                opening.add_default_folders()
            region = options["region"]
            imported = from_file(
                options["file"],
                opening,
                region=region,
                mapping=mapping,
                opt_outs=opt_outs,
                wanted=wanted,
            )
        except ImportRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read: {error.strerror}.") from error
        self.stdout.write(f"{options['file']}: {layout}")
        if layout.examples:
            self.stdout.write(f"  Read as {', '.join(layout.examples)}")
        for field, heading in mapping.items():
            self.stdout.write(f"  {FIELDS[field]:<24} {heading}")
        for heading, field in opt_outs.items():
            self.stdout.write(f"  {OPT_OUTS[field]:<24} {heading}")
        self.run(imported)
        self.tell(imported, options["rejected"])

    def run(self, imported: CandidateImport) -> None:
        """Leave nothing behind unless all of it is in, also after Ctrl-C."""
        with locks.only_one(imported.pk):
            try:
                imported.order()
                imported.run()
                attempt(imported, tell=self.tell_progress)
            finally:
                imported.refresh_from_db()
                if not imported.is_done:
                    self.take_back(imported)
        if not imported.is_done:
            raise CommandError(imported.error)

    def take_back(self, imported: CandidateImport) -> None:
        forget_file(imported)
        imported.delete()
        if self.is_new_opening:
            imported.opening.folders.all().delete()
            imported.opening.delete()

    def tell_progress(self, percent: int, phase: str, read: int) -> None:
        self.stdout.write(f"{percent:3} %  {phase}, {read:,} rows")

    def tell(self, imported: CandidateImport, rejected: Path | None) -> None:
        counts = imported.counts
        self.stdout.write(
            f"{counts['records']:,} rows: {counts['new']:,} new candidates,"
            f" {counts['updated']:,} updated, {counts['repeats']:,} duplicates in the file,"
            f" {counts['rejected']:,} rejected, {counts['blank']:,} blank."
        )
        for reason, rows in counts["reasons"].items():
            self.stdout.write(f"  {rows:,} × {REASONS[reason]}")
        for remark in imported.remarks:
            self.stdout.write(remark)
        if counts["formulas"]:
            self.stdout.write(
                gettext("%(formulas)s cells look like formulas and were kept as text.")
                % {"formulas": f"{counts['formulas']:,}"}
            )
        if rejected and imported.rejected:
            with imported.rejected.open("rb") as source, rejected.open("wb") as target:
                shutil.copyfileobj(source, target)
            self.stdout.write(f"Rejected rows: {rejected}")


def wanted_by(options: dict[str, Any]) -> Wanted:
    encoding = options["encoding"] or ""
    codec = codec_named(encoding) if encoding else ""
    if encoding and not codec:
        raise CommandError(
            f"Belay reads no encoding “{encoding}”. Those it reads: {', '.join(ENCODINGS)}."
        )
    return Wanted(codec, options["sheet"] or "", options["hidden_rows"])


def workspace_named(name: str | None) -> Workspace:
    workspaces = Workspace.objects.filter(name=name) if name else Workspace.objects.all()
    found = list(workspaces[:2])
    if len(found) == 1:
        return found[0]
    names = ", ".join(Workspace.objects.values_list("name", flat=True)) or "none yet"
    what = f"There is no workspace “{name}”" if name else gettext("Choose one with --workspace")
    raise CommandError(f"{what}. Workspaces: {names}.")


def opening_named(name: str, workspace: Workspace, create: bool) -> Opening:
    opening = workspace.openings.filter(name=name).first()
    if opening is None and create:
        return Opening(workspace=workspace, name=name)
    if opening is None:
        names = ", ".join(f"“{opening}”" for opening in workspace.openings.all()) or "none yet"
        raise CommandError(
            gettext(
                "There is no opening “%(name)s”. Openings: %(names)s. Use "
                "--create-opening to create it."
            )
            % {"name": name, "names": names}
        )
    return opening


def mapping_of(layout: Layout, corrections: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The guess, corrected: field to heading, and heading to opt-out.

    Raises CommandError for what the file or Belay doesn't have.
    """
    mapping, opt_outs = guess(layout.columns), guess_opt_outs(layout.columns)
    for correction in corrections:
        field, _, heading = correction.partition("=")
        if field not in {*FIELDS, *OPT_OUTS}:
            known = ", ".join([*FIELDS, *OPT_OUTS])
            raise CommandError(f"There is no field “{field}”. Fields: {known}.")
        if heading and heading not in layout.columns:
            raise CommandError(
                gettext("The file does not have a column “%(heading)s”. Columns: %(columns)s.")
                % {"heading": heading, "columns": ", ".join(layout.columns)}
            )
        mapping = {key: column for key, column in mapping.items() if column != heading}
        mapping.pop(field, None)
        opt_outs.pop(heading, None)
        if not heading:
            opt_outs = {column: key for column, key in opt_outs.items() if key != field}
        elif field in OPT_OUTS:
            opt_outs[heading] = field
        else:
            mapping[field] = heading
    if lack := missing(mapping):
        raise CommandError(f"{lack} Use --map FIELD=HEADING. Columns: {', '.join(layout.columns)}.")
    return mapping, opt_outs
