"""What reading a file came upon that people should hear of, and what it makes of single rows."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

ROWS_NAMED = 10
LONGEST_CELL = 32_767  # as Excel has it, and an attribute of a candidate


@dataclass
class Findings:
    """How often something was found, and in which rows first, counted as spreadsheets do."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    rows: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    # Rows of which candidates can't be made, or not of all columns: reason, columns (none: all).
    flaws: dict[int, tuple[str, list[int]]] = field(default_factory=dict)

    def add(self, what: str, row: int, times: int = 1) -> None:
        self.counts[what] += times
        named = self.rows[what]
        if len(named) < ROWS_NAMED and row not in named[-1:]:
            named.append(row)

    def flaw(self, row: int, reason: str, columns: list[int] | None = None) -> None:
        self.flaws[row] = (reason, columns or [])

    def as_json(self) -> dict[str, Any]:
        return {
            what: {"count": count, "rows": self.rows[what]} for what, count in self.counts.items()
        }

    def shortened(self, cells: list[str], row: int) -> list[str]:
        """The cells, those that are too long cut."""
        if long := sum(len(cell) > LONGEST_CELL for cell in cells):
            self.add("cut", row, long)
            return [cell[:LONGEST_CELL] for cell in cells]
        return cells
