"""A slow evaluator of whole policies, written from rules/LANGUAGE.md alone, on the data as an analyst wrote it.

It shares nothing with the library: no compiled form, no table reader, no fact catalogue. A number is a
`Fraction`, a condition is true, false or None (unknown), and everything is worked out where it is asked for.
"""

import csv
import io
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta

CAUSES = [
    "illness",
    "unemployment",
    "income_fall",
    "disaster",
    "family_event",
    "business_failure",
    "over_spending",
    "other",
]

# What the catalogue's facts hold, by hand: kind, and the words of a choice.
CATALOGUE: dict[str, tuple[str, tuple[str, ...]]] = {
    "claim": ("money", ()),
    "penalty": ("money", ()),
    "monthly_income": ("money", ()),
    "income_before": ("money", ()),
    "liquid_reserves": ("money", ()),
    "disposable_income": ("money", ()),
    "income_drop": ("ratio", ()),
    "contract_rate": ("ratio", ()),
    "payment_to_income_before": ("ratio", ()),
    "days_past_due": ("days", ()),
    "remaining_term": ("months", ()),
    "hardship_months_left": ("months", ()),
    "dependants": ("count", ()),
    "restructurings": ("count", ()),
    "reachable": ("flag", ()),
    "disputed": ("flag", ()),
    "vulnerable": ("flag", ()),
    "hardship_cause": ("choice", tuple(CAUSES)),
    "hardship_outlook": ("choice", ("temporary", "lasting", "resolved")),
    "hardship_onset": ("date", ()),
    "as_of": ("date", ()),
}
DECIMALS = {"money": 2, "ratio": 6}


class Clash(Exception):
    """Rows or conclusions match together though only one may."""


class Case(NamedTuple):
    """What a policy makes of a case."""

    facts: dict[str, Any]
    """The facts that the policy adds; None is unknown."""
    gates: dict[str, str]
    """passed, failed or unknown."""
    rules: dict[str, str]
    """fires, not-met, unknown, beaten or open."""


class Row(NamedTuple):
    id: str
    verdict: bool | None
    says: Mapping[str, Any]
    table: str
    hit: str
    order: tuple[int, ...]


def half_up(exact: Fraction, decimals: int) -> Fraction:
    """Round once, a half away from zero, by long division."""
    scaled = abs(exact) * 10**decimals
    whole = scaled.numerator // scaled.denominator
    if scaled - whole >= Fraction(1, 2):
        whole += 1
    return Fraction(whole if exact >= 0 else -whole, 10**decimals)


def to_multiple(exact: Fraction, unit: Fraction, mode: str) -> Fraction:
    """Round to a multiple of a unit; up and down count from zero."""
    size, rest = divmod(abs(exact), unit)
    more = {
        "half_up": rest * 2 >= unit,
        "half_even": rest * 2 > unit or (rest * 2 == unit and size % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    return (size + more) * unit * (1 if exact >= 0 else -1)


def number(text: Any) -> Fraction:
    """Read 0.31, 31%, 12 or "12.50"."""
    if isinstance(text, str) and text.strip().endswith("%"):
        return Fraction(text.strip()[:-1].strip()) / 100
    return Fraction(text)


def stepped(day: date, months: Fraction, days: Fraction) -> date:
    """Step months and then days, each rounded."""
    months, days = half_up(Fraction(months), 0), half_up(Fraction(days), 0)
    return day + relativedelta(months=int(months)) + timedelta(days=int(days))


def months_counted(start: date, end: date) -> int:
    """Count the months that can be stepped from the earlier day without passing the later one."""
    if end < start:
        return -months_counted(end, start)
    months = 0
    while start + relativedelta(months=months + 1) <= end:
        months += 1
    return months


class Oracle:
    """One policy, one day and one case."""

    def __init__(
        self,
        policy: Mapping[str, Any],
        on: date,
        known: Mapping[str, Any],
        files: Mapping[str, str],
        given: Mapping[str, Any],
        history: list[dict[str, Any]] | None,
    ) -> None:
        self.policy, self.on, self.files = policy, on, files
        self.known = {**known, "as_of": on}
        self.given, self.history = given, history
        self.own: dict[str, Any] = policy.get("facts", {})
        self.seen: dict[str, Any] = {}

    def case(self) -> Case:
        facts = {name: self.value(name) for name in self.own}
        for table in self.policy.get("tables", []):  # rows that clash do so whoever reads them
            if "offer" not in table:
                self.settled(self.rows_of(table))
        gates = {
            one["id"]: {True: "passed", False: "failed", None: "unknown"}[self.holds(one["require"])]
            for one in self.policy.get("gates", [])
        }
        rules = {
            one["id"]: {True: "fires", False: "not-met", None: "unknown"}[self.holds(one["when"])]
            for one in self.policy.get("rules", [])
        }
        for table in self.policy.get("tables", []):
            if "offer" in table:
                rules |= self.fates(self.rows_of(table))
        return Case(facts, gates, rules)

    # --- facts

    def kind(self, name: str) -> tuple[str, tuple[str, ...]]:
        if name in self.own:
            return self.own[name]["unit"], tuple(self.own[name].get("choices", ()))
        return CATALOGUE[name]

    def value(self, name: str) -> Any:
        if name not in self.own:
            return self.known[name]
        if name not in self.seen:
            own = self.own[name]
            self.seen[name] = (
                self.read(own["unit"], self.given.get(name))
                if own.get("given")
                else self.worked_out(own)
                if "value" in own
                else self.concluded(name, own)
            )
        return self.seen[name]

    def read(self, unit: str, raw: Any) -> Any:
        if raw is None or unit in ("flag", "choice"):
            return raw
        return date.fromisoformat(raw) if unit == "date" else number(raw)

    def worked_out(self, own: Mapping[str, Any]) -> Any:
        exact = self.amount(own["value"])
        if isinstance(exact, date):
            return exact
        return None if exact is None else half_up(exact, DECIMALS.get(own["unit"], 0))

    def concluded(self, name: str, own: Mapping[str, Any]) -> Any:
        rows = self.conclusions(name)
        # What a conclusion says is of interest only where it holds; only numbers and days can be amounts.
        said = [(self.says(name, row), row.verdict) for row in rows]
        otherwise = None if own.get("otherwise") is None else self.constant(name, own["otherwise"])
        holding = [value for value, verdict in said if verdict is True]
        unknown = any(verdict is None for _, verdict in said)
        match own.get("hit", "unique"):
            case "unique":
                if len(set(holding) - {None}) > 1:
                    raise Clash(name)
                if None in holding:
                    return None
                return holding[0] if holding else None if unknown else otherwise
            case "collect":
                if unknown:
                    return None
                gather = {"sum": sum, "least": min, "greatest": max, "count": len}[own["gather"]]
                if None in holding and own["gather"] != "count":
                    return None
                if holding:
                    return Fraction(gather(holding))
                return Fraction(0) if own["gather"] == "count" and otherwise is None else otherwise
            case "priority":
                # The word decides; whether it is known to be said comes before whether it may be said.
                order = [True, False] if own["unit"] == "flag" else list(own["choices"])
                said.sort(key=lambda one: (order.index(one[0]), one[1] is None))
        for value, verdict in said:
            if verdict is not False:
                return value if verdict else None
        return otherwise

    def says(self, name: str, row: Row) -> Any:
        """What a conclusion says about a fact, rounded once to what the fact keeps."""
        raw, unit = row.says[name], self.kind(name)[0]
        if not isinstance(raw, Mapping):
            return self.constant(name, raw)
        return self.worked_out({"unit": unit, "value": raw}) if row.verdict is True else None

    def constant(self, name: str, raw: Any) -> Any:
        if isinstance(raw, Mapping):
            return self.parameter(raw["parameter"])
        return raw if self.kind(name)[0] in ("flag", "choice", "date") else number(raw)

    def parameter(self, name: str) -> Fraction:
        held = [
            value for since, value in self.policy["parameters"][name]["values"].items()
            if date.fromisoformat(since) <= self.on
        ]  # fmt: skip
        return held[-1] if isinstance(held[-1], date) else number(held[-1])

    # --- amounts

    def amount(self, raw: Any) -> Any:
        if isinstance(raw, date):
            return raw
        if not isinstance(raw, Mapping):
            return number(raw)
        if "events" in raw:
            return self.happened(raw)
        if "first_known" in raw:
            known = [one for one in map(self.amount, raw["first_known"]) if one is not None]
            return known[0] if known else None
        if "after" in raw:
            parts = [self.amount(raw.get(key, 0)) for key in ("after", "months", "days")]
            return None if None in parts else stepped(*parts)
        if "parameter" in raw:
            return self.parameter(raw["parameter"])
        if "fact" in raw:
            value, times = self.value(raw["fact"]), self.amount(raw.get("times", 1))
            if value is None or times is None or isinstance(value, date):
                return value if times is not None else None
            return Fraction(value) * times
        if "round" in raw:
            exact = self.amount(raw["round"])
            return (
                None if exact is None else to_multiple(exact, number(raw["to"]), raw.get("mode", "half_up"))
            )
        if "bands" in raw:
            return self.banded(raw)
        if "lookup" in raw:
            return self.looked_up(raw)
        (word,) = raw
        if word in ("month_start", "day_of_month"):
            day = self.amount(raw[word])
            return None if day is None else day.replace(day=1) if word == "month_start" else Fraction(day.day)
        inside = list(raw[word].values()) if isinstance(raw[word], Mapping) else raw[word]
        parts = [self.amount(part) for part in inside]
        if any(part is None for part in parts):
            return None
        match word:
            case "least" | "earliest_of":
                return min(parts)
            case "greatest" | "latest_of":
                return max(parts)
            case "days_between":
                return Fraction((parts[1] - parts[0]).days)
            case "months_between":
                return Fraction(months_counted(*parts))
            case "sum":
                return sum(parts, Fraction(0))
            case "difference":
                return parts[0] - parts[1]
            case "quotient":
                return None if parts[1] == 0 else parts[0] / parts[1]
            case "product":
                product = Fraction(1)
                for part in parts:
                    product *= part
                return product
        raise AssertionError(word)

    def happened(self, raw: Mapping[str, Any]) -> Any:
        """Take from the history what is asked for, one event after the other."""
        bounds = [
            self.amount(raw[key]) for key in ("within_months", "within_days", "later_than") if key in raw
        ]
        if self.history is None or None in bounds:
            return None
        counting, perhaps = [], []
        for event in self.history:
            day = event["on"]
            if event["kind"] not in raw["events"] or day > self.on:
                continue
            if "within_months" in raw and day <= stepped(
                self.on, -self.amount(raw["within_months"]), Fraction(0)
            ):
                continue
            if "within_days" in raw and day <= stepped(
                self.on, Fraction(0), -self.amount(raw["within_days"])
            ):
                continue
            if "later_than" in raw and day <= self.amount(raw["later_than"]):
                continue
            if "outcome" not in raw or event.get("outcome") in raw["outcome"]:
                counting.append(event)
            elif "outcome" not in event:
                perhaps.append(event)
        if raw["take"] in ("last", "first"):
            sign = 1 if raw["take"] == "last" else -1
            order = sorted(counting, key=lambda one: sign * one["on"].toordinal())
            if not order or any(sign * (one["on"] - order[-1]["on"]).days > 0 for one in perhaps):
                return None
            return order[-1]["on"]
        if perhaps:
            return None
        if raw["take"] == "count":
            return Fraction(len(counting))
        values = [event.get(raw["take"]) for event in counting]
        return None if None in values else sum((number(one) for one in values), Fraction(0))

    def banded(self, raw: Mapping[str, Any]) -> Fraction | None:
        base = self.amount(raw["bands"])
        starts = [self.amount(one["from"] if "from" in one else one["above"]) for one in raw["rates"]]
        says = [self.amount(one["rate"] if "rate" in one else one["fixed"]) for one in raw["rates"]]
        if None in (base, *starts, *says) or starts != sorted(set(starts)):
            return None
        begun = [
            base > start or (base == start and "from" in one)
            for start, one in zip(starts, raw["rates"], strict=True)
        ]
        parts = [
            said if "fixed" in one else said * (min(base, end) - start)
            for start, end, said, one, here in zip(
                starts, [*starts[1:], base], says, raw["rates"], begun, strict=True
            )
            if here
        ]
        if not any(begun):
            return None
        if raw["mode"] == "marginal":
            return sum(parts, Fraction(0))
        last = begun.count(True) - 1
        return says[last] * (1 if "fixed" in raw["rates"][last] else base)

    def looked_up(self, raw: Mapping[str, Any]) -> Fraction | None:
        lookup = self.policy["lookups"][raw["lookup"]]
        dated = lookup["values"]
        if isinstance(dated, Mapping):
            dated = [rows for day, rows in dated.items() if date.fromisoformat(day) <= self.on][-1]
        names = [
            one if isinstance(one, str) else one["name"] for one in (*lookup["keys"], *lookup["columns"])
        ]
        rows = [dict(zip(names, row, strict=True)) if isinstance(row, list) else row for row in dated]
        column = raw.get("column", names[-1])
        how: tuple[str, str, Fraction | None] | None = None
        for key in lookup["keys"]:
            name, match = key["name"], key.get("match", "exact")
            given = raw["at"][name]
            if key["unit"] == "choice":
                word = self.value(given["fact"]) if isinstance(given, Mapping) else given
                rows = [row for row in rows if row[name] == word]
            elif match == "exact":
                rows = [row for row in rows if number(row[name]) == self.amount(given)]
            else:
                how = name, match, self.amount(given)
                beyond = key.get("beyond", "unknown")
            if not rows:
                return None
        if how is None:
            (row,) = rows
            return None if row[column] == "-" else number(row[column])
        name, match, at = how
        if at is None:
            return None
        line = {number(row[name]): row[column] for row in rows}
        if beyond == "clamp":
            at = max(min(line), min(max(line), at))
        below, above = [key for key in line if key <= at], [key for key in line if key >= at]
        if (match != "next_higher" and not below) or (match != "next_lower" and not above):
            return None
        ends = {"next_higher": [min(above, default=None)], "next_lower": [max(below, default=None)]}
        ends = ends.get(match) or [max(below), min(above)]
        if "-" in [line[key] for key in ends]:
            return None
        low, high = number(line[ends[0]]), number(line[ends[-1]])
        if ends[0] == ends[-1]:
            return low
        return low + (high - low) * (at - ends[0]) / (ends[-1] - ends[0])

    # --- conditions

    def holds(self, raw: Mapping[str, Any]) -> bool | None:
        if "not" in raw:
            return inverse(self.holds(raw["not"]))
        if "all" in raw:
            return conjunction([self.holds(part) for part in raw["all"]])
        if "any" in raw:
            return inverse(conjunction([inverse(self.holds(part)) for part in raw["any"]]))
        return self.compares(raw["fact"], raw.get("op", "=="), raw.get("value", True))

    def compares(self, name: str, op: str, raw: Any) -> bool | None:
        mine = self.value(name)
        if op in ("known", "unknown"):
            return (mine is None) is (op == "unknown")
        if isinstance(raw, Mapping) and "fact" in raw:
            theirs = self.value(raw["fact"])
            if theirs is not None and "times" in raw:
                theirs = Fraction(theirs) * number(raw["times"])
        else:
            theirs = self.constant(name, raw)
        if mine is None or theirs is None:
            return None
        return {
            "==": mine == theirs,
            "!=": mine != theirs,
            **({} if isinstance(mine, str | bool) else {
                "<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs,
            }),
        }[op]  # fmt: skip

    # --- rows

    def conclusions(self, name: str) -> list[Row]:
        """What is concluded about a fact, in order; rows of tables come last."""
        rows = [
            Row(one["id"], self.holds(one["when"]), one["conclude"], "", "", ())
            for one in self.policy.get("conclusions", [])
            if name in one["conclude"]
        ]
        for table in self.policy.get("tables", []):
            names = [one if isinstance(one, str) else one["name"] for one in table["outputs"]]
            if "offer" not in table and name in names:
                rows += self.settled(self.rows_of(table))
        return rows

    def rows_of(self, table: Mapping[str, Any]) -> list[Row]:
        names = [one if isinstance(one, str) else one["name"] for one in table["inputs"] + table["outputs"]]
        listed = {one["name"]: one["values"] for one in table["outputs"] if not isinstance(one, str)}
        raw = table["rows"]
        if isinstance(raw, str):
            head, *body = csv.reader(io.StringIO(self.files[raw]))
            raw = [dict(zip(head, cells, strict=True)) for cells in body]
        rows = []
        for k, row in enumerate(raw, 1):
            cells = row if isinstance(row, Mapping) else dict(zip(names, row, strict=True))
            tests = [self.cell(name, cells.get(name)) for name in names[: len(table["inputs"])]]
            says = {name: self.said(name, cells[name]) for name in names[len(table["inputs"]) :]}
            order = tuple(
                [spelled(value) for value in values].index(spelled(cells[name]))
                for name, values in listed.items()
            )
            rows.append(Row(f"{table['id']}-{k}", conjunction(tests), says, table["id"], table["hit"], order))
        return rows

    def said(self, name: str, cell: Any) -> Any:
        """An output: a parameter's name stands for its value, unless it is a word of the fact."""
        value = spelled(cell)
        choices = self.own[name].get("choices", ()) if name in self.own else ()
        if isinstance(value, str) and value in self.policy.get("parameters", {}) and value not in choices:
            return {"parameter": value}
        return value

    def cell(self, name: str, cell: Any) -> bool | None:
        if cell is None or cell in ("-", ""):
            return True
        if not isinstance(cell, str):
            return self.compares(name, "==", cell)
        negated = re.fullmatch(r"not\((.*)\)", cell)
        parts = (negated.group(1) if negated else cell).split(",")
        found = inverse(conjunction([inverse(self.part(name, part.strip())) for part in parts]))
        return inverse(found) if negated else found

    def part(self, name: str, text: str) -> bool | None:
        if text in ("known", "unknown"):
            return self.compares(name, text, None)
        span = re.fullmatch(r"([\[(])(.*)\.\.(.*)([\])])", text)
        if span:
            opening, low, high, closing = span.groups()
            return conjunction([
                self.compares(name, ">=" if opening == "[" else ">", self.meant(name, low)),
                self.compares(name, "<=" if closing == "]" else "<", self.meant(name, high)),
            ])  # fmt: skip
        test = re.fullmatch(r"(<=|>=|==|!=|<|>)(.*)", text)
        if test:
            return self.compares(name, test.group(1), self.meant(name, test.group(2)))
        return self.compares(name, "==", self.meant(name, text))

    def meant(self, name: str, text: str) -> Any:
        """What a word or number in a cell means."""
        text, (kind, choices) = text.strip(), self.kind(name)
        if text in choices:
            return text
        if text in self.policy.get("parameters", {}):
            return {"parameter": text}
        if text in self.own or text in CATALOGUE:
            return {"fact": text}
        return {"flag": lambda: text == "true", "date": lambda: date.fromisoformat(text)}.get(
            kind, lambda: number(text)
        )()

    def settled(self, rows: list[Row]) -> list[Row]:
        """The rows of a table of conclusions, each with whether it counts."""
        fates = {"fires": True, "open": None, "unknown": None, "beaten": False, "not-met": False}
        return [
            row._replace(verdict=fates[fate])
            for row, fate in zip(rows, self.fates(rows, moot=True).values(), strict=True)
        ]

    def fates(self, rows: list[Row], *, moot: bool = False) -> dict[str, str]:
        """What becomes of each row; `moot` says that a row nobody can judge is out once an earlier one counts."""
        plain = {True: "fires", False: "not-met", None: "unknown"}
        fates = {row.id: plain[row.verdict] for row in rows}
        hit = rows[0].hit
        if hit == "unique" and list(fates.values()).count("fires") > 1:
            raise Clash(rows[0].table)
        if hit in ("unique", "collect"):
            return fates
        chosen = unknown = False
        for row in sorted(rows, key=lambda row: row.order) if hit == "priority" else rows:
            if row.verdict is None:
                unknown = True
                if moot and chosen:
                    fates[row.id] = "beaten"
            elif row.verdict:
                if chosen:
                    fates[row.id] = "beaten"
                elif unknown:
                    fates[row.id] = "open"
                else:
                    chosen = True
        return fates


def inverse(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def conjunction(parts: list[bool | None]) -> bool | None:
    """False if one part is false, else unknown if one is unknown."""
    return False if False in parts else None if None in parts else True


def spelled(cell: Any) -> Any:
    """What a cell of a CSV file spells: a number, true or false, or a word."""
    if not isinstance(cell, str):
        return cell
    if cell in ("true", "false"):
        return cell == "true"
    return Decimal(cell) if re.fullmatch(r"-?\d+(\.\d+)?", cell) else cell
