from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict


class Figure(TypedDict):
    what: str
    n: int
    value: float
    unit: str
    target: str
    met: bool | None


@dataclass
class Report:
    """The figures of one run, told as they come and as a table in the end."""

    write: Callable[[str], object]
    figures: list[Figure] = field(default_factory=list)

    def add(
        self,
        what: str,
        n: int,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> float:
        target, met = "", None
        if at_least is not None:
            target, met = f">= {at_least:g}", value >= at_least
        if at_most is not None:
            target, met = f"<= {at_most:g}", value <= at_most
        figure = Figure(what=what, n=n, value=round(value, 3), unit=unit, target=target, met=met)
        self.figures.append(figure)
        self.write(line(figure))
        return value

    def print_table(self) -> None:
        self.write("")
        for figure in self.figures:
            self.write(line(figure))


def line(figure: Figure) -> str:
    verdict = {None: "", True: "met", False: "NOT MET"}[figure["met"]]
    return (
        f"{figure['what']:<52} {figure['n']:>9,} {figure['value']:>14,.2f} {figure['unit']:<14}"
        f" {figure['target']:<10} {verdict}"
    ).rstrip()
