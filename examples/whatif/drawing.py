"""Two small drawings as SVG: what falls due, and what is still to pay, today and with other numbers.

An image of a plotting library takes longer than the decision that it shows; this takes a millisecond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 190, 52, 12, 12, 26


@dataclass(frozen=True)
class Series:
    """Payments by day, in the order in which they fall due, with how they are drawn."""

    style: str
    """Class of the line: `today` is dashed, `changed` is full."""
    payments: tuple[tuple[date, int], ...]
    """Days and amounts in minor units."""


def falling_due(series: Sequence[Series], start: date, scale: int) -> str:
    """Draw each payment as a point on its day over a line, so that hundreds stay legible."""
    frame = _Frame(
        series, start, max((amount for each in series for _, amount in each.payments), default=0), scale
    )
    lines = []
    for each in _lowest_first(series):
        points = [(frame.x(day), frame.y(amount)) for day, amount in each.payments]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        if points:  # down to nothing on the day of the last payment
            path += f"V{frame.y(0):.1f}"
        lines.append(f'<path class="{each.style}" d="{path}"/>')
        if len(points) <= 60:
            lines += [f'<circle class="{each.style}" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>' for x, y in points]
    return frame.around("".join(lines))


def still_to_pay(series: Sequence[Series], start: date, scale: int) -> str:
    """Draw what is still to pay after each payment, as steps."""
    totals = {each.style: sum(amount for _, amount in each.payments) for each in series}
    frame = _Frame(series, start, max(totals.values(), default=0), scale)
    lines = []
    for each in _lowest_first(series):
        left = totals[each.style]
        path = f"M{frame.x(start):.1f} {frame.y(left):.1f}"
        for day, amount in each.payments:
            left -= amount
            path += f"H{frame.x(day):.1f}V{frame.y(left):.1f}"
        lines.append(f'<path class="{each.style}" d="{path}"/>')
    return frame.around("".join(lines))


def _lowest_first(series: Sequence[Series]) -> Sequence[Series]:
    """Put the dashed line last, which is drawn on top: where both are the same, both are seen."""
    return sorted((each for each in series if each.payments), key=lambda each: each.style == "today")


class _Frame:
    """The axes of a drawing: days across, money up from zero."""

    def __init__(self, series: Sequence[Series], start: date, most: int, scale: int) -> None:
        self.start, self.scale = start, scale
        self.last = max((day for each in series for day, _ in each.payments), default=start)
        self.days = max((self.last - start).days, 1)
        self.step = _round_step(max(most, 1) / scale / 4)
        self.top = -(-max(most, 1) // (self.step * scale)) * self.step * scale

    def x(self, day: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - self.start).days / self.days

    def y(self, amount: int) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * amount / self.top

    def around(self, lines: str) -> str:
        marks = []
        for k in range(round(self.top / self.step / self.scale) + 1):
            y = self.y(k * self.step * self.scale)
            marks.append(
                f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
                f'<text x="{LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{k * self.step:,}</text>'
            )
        for day in self._months():
            x = self.x(day)
            marks.append(
                f'<path class="grid" d="M{x:.1f} {HEIGHT - BOTTOM}v4"/>'
                f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{day:%Y-%m}</text>'
            )
        return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{"".join(marks)}{lines}</svg>'

    def _months(self) -> Iterator[date]:
        """Give the first days of at most six months, evenly apart."""
        months = (self.last.year - self.start.year) * 12 + self.last.month - self.start.month
        apart = next((n for n in (1, 2, 3, 6, 12, 24, 60) if months <= 6 * n), 120)
        year, month = self.start.year, self.start.month + 1
        while (day := date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)) <= self.last:
            if WIDTH - RIGHT - self.x(day) > 14:  # else its label would be cut off
                yield day
            month += apart


def _round_step(least: float) -> int:
    """Give the least of 1, 2, 5, 10, 20, … that is not below a number."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10


def legend(series: Sequence[Series], sentences: Sequence[str]) -> str:
    """Name each line in words, with its drawing before it."""
    return "".join(
        f'<li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="{each.style}" d="M1 4H25"/></svg>'
        f"{escape(sentence)}</li>"
        for each, sentence in zip(series, sentences, strict=True)
    )
