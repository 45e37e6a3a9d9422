"""What owners and recruiters order, as their browsers do it. Each takes its chances from `chance`.

What a page answers is a promise: it is kept in the records, and looked up at the end.
"""

import uuid
from random import Random
from typing import Any

from .browser import Browser, number_in
from .panel import Shown, rows_in

CALLS = "outbound_call"


def move(browser: Browser, chance: Random) -> None:
    opening = chance.choice(browser.who.openings)
    folders = browser.who.place.folders[chance.choice(browser.who.openings)]
    start(browser, chance, opening, "move_to_folder", to_folder=chance.choice(folders))


def label(browser: Browser, chance: Random) -> None:
    labels = browser.who.place.labels
    start(browser, chance, None, "change_labels", add_labels=chance.choice(labels))


def attribute(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "set_attribute", attribute="shift", value=chance.choice("abc"))


def send(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "send_message", template=browser.who.place.template)


def make_tasks(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "create_tasks", task_type=CALLS, notes="")


def withdraw_tasks(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "cancel_tasks", scope="types", task_types=CALLS, reason="Over")


def enroll(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "start_journey", into_journey=browser.who.place.journey)


def stop_runs(browser: Browser, chance: Random) -> None:
    start(browser, chance, None, "stop_runs", from_journey=browser.who.place.journey)


def start(
    browser: Browser, chance: Random, opening: int | None, operation: str, **options: Any
) -> None:
    """All of an opening, or those of one source in it; sometimes with a double click."""
    selection: dict[str, Any] = {
        "select": "all",
        "opening": opening or chance.choice(browser.who.openings),
    }
    if chance.random() < 0.5:
        selection["source"] = f"source {chance.randrange(8)}"
    order(browser, chance, {"operation": operation, **options, **selection})


def order(browser: Browser, chance: Random, data: dict[str, Any]) -> None:
    key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    data = data | {"key": key}
    answers = [browser.insist("/bulk-actions/", data)]
    if chance.random() < 0.2:
        answers.append(browser.insist("/bulk-actions/", data))
    for answer in answers:
        if pk := number_in(r"^/bulk-actions/(\d+)/$", answer.location):
            browser.promise("started", answer, action=pk, key=key)
            browser.who.place.actions.append(pk)
            browser.started[pk] = data


def cancel(browser: Browser, chance: Random) -> None:
    """One of those that the panel shows as active."""
    pk = running(browser, chance)
    if pk is None:
        return
    answer = browser.post(f"/bulk-actions/{pk}/cancel/", is_htmx=True)
    if answer.status in (0, 503):
        answer = browser.insist(f"/bulk-actions/{pk}/cancel/", None, is_htmx=True)
    for row in rows_in(answer.text):
        browser.promise("shown", answer, row=row)
        if row.action == pk:
            browser.promise("stopped", answer, action=pk, row=row)


def running(browser: Browser, chance: Random) -> int | None:
    """One that is in the middle, if there is one soon; else any that is active."""
    for _ in range(4):
        active = [row for row in look(browser, chance) if row.status in ("in_queue", "in_progress")]
        if begun := [row for row in active if row.status == "in_progress" and row.processed]:
            return chance.choice(begun).action
        browser.records.over.wait(0.15)
    return chance.choice(active).action if active else None


def cancel_all(browser: Browser, chance: Random) -> None:
    answer = browser.post("/bulk-actions/cancel-all/", is_htmx=True)
    for row in rows_in(answer.text):
        browser.promise("shown", answer, row=row)


def undo(browser: Browser, chance: Random) -> None:
    follow(browser, chance, "done", {})


def rest(browser: Browser, chance: Random) -> None:
    follow(browser, chance, "untouched")


def retry(browser: Browser, chance: Random) -> None:
    follow(browser, chance, "failed")


def follow(
    browser: Browser, chance: Random, which: str, options: dict[str, Any] | None = None
) -> None:
    """Of one that this user has started; refused, with the reason, where there is nothing to do."""
    if not browser.started:
        return
    pk = chance.choice(sorted(browser.started))
    if options is None:
        options = {name: browser.started[pk][name] for name in browser.started[pk].keys() - WHICH}
    order(browser, chance, {"operation": "", **options, "of": pk, "select": which})


WHICH = {"select", "opening", "source", "key", "of"}


def import_file(browser: Browser, chance: Random) -> None:
    """A file of people of whom nobody is there yet, so that a part of it would be seen."""
    mark = f"{chance.getrandbits(32):08x}"
    rows = [f"Imported {n},{mark}-{n}@imported.example" for n in range(chance.randrange(50, 400))]
    file = "\r\n".join(["Full name,Mail", *rows]).encode()
    opening = chance.choice(browser.who.openings)
    answer = browser.post(
        "/candidates/import/",
        {"opening": opening, "region": ""},
        files={"file": ("people.csv", file, "text/csv")},
    )
    pk = number_in(r"^/candidates/import/(\d+)/columns/$", answer.location)
    if pk is None:
        return
    browser.promise("uploaded", answer, upload=pk, mark=mark, rows=len(rows))
    mapping = {"column-0": "full_name", "column-1": "email", "region": "", "separator": ""}
    answer = browser.insist(f"/candidates/import/{pk}/columns/", mapping)
    if answer.location == f"/candidates/import/{pk}/":
        browser.promise("imported", answer, upload=pk)


def look(browser: Browser, chance: Random) -> list[Shown]:
    """The panel, as a page without a socket asks for it."""
    answer = browser.get("/notifications/panel/", is_htmx=True)
    rows = rows_in(answer.text) if answer.status == 200 else []
    if answer.status == 200:
        browser.promise("panel", answer, rows=rows)
    return rows


def browse(browser: Browser, chance: Random) -> None:
    pages = ["/candidates/", "/bulk-actions/", "/journeys/", "/tasks/past/"]
    pages += [f"/bulk-actions/{pk}/" for pk in browser.started]
    browser.get(chance.choice(pages))


def trespass(browser: Browser, chance: Random) -> None:
    """What belongs to another workspace is not there."""
    others = browser.who.place.others
    if others is None or not others.actions:
        return
    path = f"/bulk-actions/{chance.choice(others.actions)}/"
    for answer in (browser.get(path), browser.post(f"{path}cancel/")):
        browser.promise("foreign", answer)
