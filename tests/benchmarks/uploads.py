"""What hostile files cost: the web process, the process that reads them, the worker, and others.

One workspace uploads them, one after the other, and imports what is not refused; a user of another
workspace asks for a page all the while, and before that with no upload at all.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import psutil
import requests

from pipeline.candidates.demo import load
from pipeline.candidates.models.candidate_import import CandidateImport
from pipeline.workspaces.models import Membership, Role, User, Workspace
from tests.candidates.importing.hostile import FILES, Hostile
from tests.panels.crowd import login_of

from .crew import crew_of
from .panels import pages, server
from .report import Report

MB = 2**20
SAMPLE_SECONDS = 0.02
BASELINE_SECONDS = 15.0
MOST_SECONDS = 300.0  # for an import that a worker does not end
HEADINGS = ("full_name", "email", "phone", "created_at", "tags", "notes")


@dataclass
class Use:
    """What a process, or those that it started, took since the watch began."""

    processes: Callable[[], list[psutil.Process]]
    peak: float = 0.0  # MiB, of the largest
    spent: dict[int, float] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        for process in self.processes():
            try:
                times = process.cpu_times()
                memory = process.memory_info().rss / MB
            except psutil.Error:  # it has ended
                continue
            self.spent[process.pid] = times.user + times.system
            self.peak = max(self.peak, memory)

    @property
    def seconds(self) -> float:
        return sum(now - self.before.get(pid, 0) for pid, now in self.spent.items())


@dataclass
class House:
    """The processes, and who uploads."""

    web: psutil.Process
    workers: list[psutil.Process]
    url: str
    user: User
    opening: Any

    @contextmanager
    def watched(self) -> Iterator[dict[str, Use]]:
        uses = {
            "web": Use(lambda: [self.web]),
            "reader": Use(lambda: descendants(self.web)),
            "worker": Use(lambda: [p for w in self.workers for p in (w, *descendants(w))]),
        }
        for use in uses.values():
            use.look()
            use.before, use.peak = dict(use.spent), 0.0
        over = Event()

        def look() -> None:
            while not over.wait(SAMPLE_SECONDS):
                for use in uses.values():
                    use.look()

        watch = Thread(target=look)
        watch.start()
        try:
            yield uses
        finally:
            over.set()
            watch.join()

    def upload(self, path: Path) -> tuple[requests.Session, requests.Response]:
        """The page after the upload: the columns, or the form with the reason."""
        browser = requests.Session()
        browser.cookies.set("sessionid", login_of(self.user))
        form = browser.get(f"{self.url}/candidates/import/", timeout=120)
        fields = {"csrfmiddlewaretoken": token_in(form), "opening": self.opening.pk, "region": "GB"}
        with path.open("rb") as file:
            page = browser.post(
                form.url, fields, files={"file": file}, headers={"Referer": form.url}, timeout=120
            )
        return browser, page


def descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found


def token_in(page: requests.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def measure(report: Report, names: str = "") -> None:
    """Upload the files whose names hold one of `names` (separated by commas), or all of them."""
    wanted = [file for file in FILES if any(name in file.name for name in names.split(","))]
    attacker, opening = team("Attacker")
    other, _ = team("Other")
    load.add_candidates(other.membership.workspace, 5000)
    with server() as daphne, crew_of(2, queue_name="imports") as crew, TemporaryDirectory() as name:
        assert daphne.process
        web = psutil.Process(daphne.process.pid)
        house = House(web, crew.processes, daphne.url, attacker, opening)
        with pages(daphne, other) as took:
            time.sleep(BASELINE_SECONDS)
        base = report_page(report, "with no upload", 0, took)
        worst = {"own": 0.0, "web": 0.0, "reader": 0.0, "worker": 0.0, "answer": 0.0, "page": 0.0}
        report.write(HEADER)
        for file in wanted:
            path = Path(name) / file.name
            file.write(path)
            with pages(daphne, other) as took:
                one(house, file, path, took, worst, report.write)
            path.unlink()
    n = len(wanted)
    report.add("uploads: longest wait for the answer", n, worst["answer"], "s", at_most=60)
    report.add("uploads: web process, most CPU of its own", n, worst["own"], "s")
    report.add("uploads: web process, peak memory", n, worst["web"], "MiB")
    report.add("uploads: reader, peak memory", n, worst["reader"], "MiB", at_most=1024)
    report.add("uploads: worker and reader, peak memory", n, worst["worker"], "MiB", at_most=1024)
    report.add("uploads: slowest page of another meanwhile", n, worst["page"], "s")
    report.add("uploads: slowest page with no upload", n, base, "s")


def one(
    house: House,
    file: Hostile,
    path: Path,
    took: list[float],
    worst: dict[str, float],
    write: Callable[[str], object],
) -> None:
    with house.watched() as uses:
        began = time.monotonic()
        browser, page = house.upload(path)
        answered = time.monotonic() - began
        what = ended_import(browser, page) if "/columns/" in page.url else reason_in(page)
        ended = time.monotonic() - began
    worst["own"] = max(worst["own"], uses["web"].seconds)
    worst["answer"] = max(worst["answer"], answered)
    worst["page"] = max(worst["page"], *took, 0)
    for part, use in uses.items():
        worst[part] = max(worst[part], use.peak)
    cells = [f"{use.seconds:6.2f} s {use.peak:5.0f} MiB" for use in uses.values()]
    page_times = f"{median(took or [0]):5.2f} {max(took or [0]):5.2f} s"
    kb = path.stat().st_size / 1024
    write(
        f"{file.name:<40} {kb:>8,.0f} {answered:>6.1f} {ended:>6.1f} {'  '.join(cells)}  "
        f"{page_times}  {page.status_code} {what[:60]}"
    )


HEADER = (
    f"{'file':<40} {'KiB':>8} {'answer':>6} {'ended':>6} "
    f"{'web process':>18}  {'its reader':>18}  {'workers, readers':>18}  "
    f"{'page p50, max':>13}  result"
)


def ended_import(browser: requests.Session, page: requests.Response) -> str:
    """Have it imported, and wait for its end."""
    labels = re.findall(r'name="(column-\d+)"', page.text)
    fields = dict(zip(labels, HEADINGS, strict=False))
    fields |= {"csrfmiddlewaretoken": token_in(page), "region": "GB", "separator": ";"}
    browser.post(page.url, fields, headers={"Referer": page.url}, timeout=120)
    imported = CandidateImport.objects.latest("pk")
    ends = time.monotonic() + MOST_SECONDS
    while imported.awaits_columns is False and imported.is_unfinished and time.monotonic() < ends:
        time.sleep(0.05)
        imported.refresh_from_db()
    counts = {key: imported.counts.get(key) for key in ("new", "rejected")}
    return f"{imported.status}: {imported.error or counts}"


def reason_in(page: requests.Response) -> str:
    found = re.search(r"invalid-feedback[^>]*>([^<]+)<", page.text)
    return found[1].strip() if found else page.text[:60]


def team(name: str) -> tuple[User, Any]:
    workspace = Workspace.objects.create(name=name, phone_region="GB")
    user = User.objects.create(email=f"{name.lower()}@example.com", password="!")
    Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
    (opening,) = load.add_openings(workspace, [name])
    return user, opening


def report_page(report: Report, when: str, n: int, took: list[float]) -> float:
    report.add(f"uploads: another's page {when}, median", n, median(took), "s")
    return max(took)
