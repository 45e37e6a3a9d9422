"""What agents do at their desk."""

import re
from random import Random

from .browser import Browser, number_in

ACCEPTABLE = re.compile(r'action="/tasks/(\d+)/accept/"')


def look_at_desk(browser: Browser, chance: Random) -> str:
    return browser.get("/tasks/").text


def accept(browser: Browser, chance: Random) -> None:
    """One of the first three: so that two agents often want the same."""
    waiting = ACCEPTABLE.findall(look_at_desk(browser, chance))[:3]
    if waiting:
        pk = int(chance.choice(waiting))
        answer = browser.post(f"/tasks/{pk}/accept/")
        if answer.location == f"/tasks/{pk}/":
            browser.promise("accepted", answer, task=pk)
            browser.held.append(pk)


def next_task(browser: Browser, chance: Random) -> None:
    answer = browser.post("/tasks/next/")
    if pk := number_in(r"^/tasks/(\d+)/$", answer.location):
        browser.promise("accepted", answer, task=pk)
        browser.held.append(pk)


def complete(browser: Browser, chance: Random) -> None:
    if browser.held:
        pk = browser.held.pop(chance.randrange(len(browser.held)))
        answer = browser.post(f"/tasks/{pk}/complete/", {"disposition": "reached", "notes": ""})
        if answer.location == "/tasks/":
            browser.promise("completed", answer, task=pk)


def release(browser: Browser, chance: Random) -> None:
    if browser.held:
        stop(browser, browser.held.pop(), "release")


def cancel_task(browser: Browser, chance: Random) -> None:
    """One that waits."""
    waiting = ACCEPTABLE.findall(look_at_desk(browser, chance))
    if waiting:
        stop(browser, int(chance.choice(waiting)), "cancel")


def stop(browser: Browser, pk: int, verb: str) -> None:
    """Asked first, as the dialog tells how the task was seen to stand."""
    question = browser.get(f"/tasks/{pk}/{verb}/").text
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', question)
    if seen:
        data = {"reason": "For a reason", "seen": seen[1]}
        answer = browser.post(f"/tasks/{pk}/{verb}/", data, is_htmx=True)
        if "closeDialog" in answer.events:
            browser.promise(verb, answer, task=pk)
