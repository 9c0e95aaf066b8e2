"""The view of a policy: what it decides at a glance, in words, with its numbers and their sources."""

from collections.abc import Iterable, Iterator, Sequence

from restructure.blocks import Block, Heading, Lines, Table
from restructure.policy.amounts.word import AmountWord
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.follow_up import AMOUNTS
from restructure.policy.language.search import Search
from restructure.policy.language.sections import Dated, Parameter, PolicyFact, Rule
from restructure.report.measures import PolicyWording, value_text
from restructure.report.wording import Wording, tight
from restructure.texts import languages_in
from restructure.views import view_of

__all__ = ["policy_view"]

_ROWS = {"actions": 6, "duties": 6, "facts": 6, "conclusions": 4}
"""Entries of these sections in the short view: a policy can have a hundred facts of its own."""
_MOST = 25
"""Entries of any other section in the short view."""


@view_of(PolicyContent)
def policy_view(policy: PolicyContent, wording: Wording) -> list[Block]:
    """Put a policy into tables: gates, rules with their measures, limits, numbers with units, and sources.

    `wording.rows` is the number of entries of each section. Raises `InvalidInput` for a language in which neither the
    phrases nor the policy have a text.
    """
    wording.check(languages_in(policy))
    words = PolicyWording(policy, wording)
    return [
        Heading(wording.text(policy.title), 1),
        Lines(tuple(_opening(policy, words, wording))),
        *_gates(policy, words, wording),
        *_rules(policy, words, wording),
        *_limits(policy, words, wording),
        *_parameters(policy, wording),
        *_follow_up(policy, words, wording),
        *_tasks(policy, words, wording),
        *_facts(policy, words, wording),
        *_conclusions(policy, words, wording),
        *_sources(policy, wording),
    ]


def _opening(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[str]:
    form = "policy.opening" if policy.currency else "policy.opening_without_currency"
    yield wording(form, name=policy.name, version=policy.version, currency=policy.currency)
    since, until = policy.effective_from, policy.effective_until
    if since and until:
        yield wording("policy.between", since=since, until=until)
    elif since or until:
        yield wording("policy.since" if since else "policy.until", day=since or until)
    else:
        yield wording("policy.always")
    if policy.rules:
        yield wording(f"policy.choose.{policy.choose}")
    if policy.rank:
        keys = (wording(f"policy.{key.order}", fact=words.fact(key.fact)) for key in policy.rank)
        yield wording("policy.rank", keys=wording("join.semicolon").join(keys))
    if not (policy.rules or policy.actions or policy.flags):
        yield wording("policy.to_extend")


def _named(title: str, name: str) -> str:
    return title if title == name else f"{title}\n{name}"


def _table(
    name: str, head: Sequence[str], rows: Iterable[tuple[str, ...]], wording: Wording
) -> Iterator[Block]:
    """Give a section with its heading, cut to the rows that are asked for; nothing for an empty section."""
    every = tuple(tuple(map(tight, row)) for row in rows)
    if not every:
        return
    yield Heading(wording(f"policy.{name}.heading"))
    limit = wording.limit(_ROWS.get(name, _MOST), len(every))
    if every[:limit]:
        yield Table(
            tuple(wording(f"policy.column.{column}") for column in head), every[:limit], figures=False
        )
    if len(every) > limit:
        yield Lines((wording.counted("policy.more", len(every) - limit),))


def _gates(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    rows = (
        (
            _named(wording.text(gate.title), gate.id),
            words.condition_lines(gate.require),
            wording.name("otherwise", gate.otherwise),
        )
        for gate in policy.gates
    )
    yield from _table("gates", ("gate", "require", "otherwise"), rows, wording)


def _rules(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    rows = (
        (
            _named(wording.text(rule.title), rule.id),
            words.condition_lines(rule.when),
            "\n".join(_offered(rule, words, wording)),
        )
        for rule in policy.rules
    )
    yield from _table("rules", ("rule", "when", "offer"), rows, wording)


def _offered(rule: Rule, words: PolicyWording, wording: Wording) -> Iterator[str]:
    for part in rule.offer:
        if isinstance(part, Search):
            yield from words.search(part)
        else:
            yield words.measure(part)
    if rule.unless_offered:
        yield wording("policy.unless_offered", rules=wording.listed(rule.unless_offered))


def _limits(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    def of(rules: Sequence[str]) -> str:
        return wording.listed(rules) if rules else wording("policy.every_offer")

    rows = (
        (
            _named(wording.text(limit.title), limit.id),
            words.condition_lines(limit.require),
            of(limit.offers_of),
        )
        for limit in policy.limits
    )
    yield from _table("limits", ("limit", "require", "offers_of"), rows, wording)
    marks = (
        (_named(wording.text(flag.title), flag.id), words.condition_lines(flag.when), of(flag.offers_of))
        for flag in policy.flags
    )
    yield from _table("flags", ("flag", "when", "offers_of"), marks, wording)


def _parameters(policy: PolicyContent, wording: Wording) -> Iterator[Block]:
    def dated(parameter: Parameter, value: Dated) -> str:
        text = value_text(value.value, parameter.unit, policy.currency, wording)
        return wording("policy.dated", value=text, since=value.since)

    rows = (
        (
            _named(wording.text(parameter.title), name),
            "\n".join(dated(parameter, value) for value in reversed(parameter.values)),
            wording.name("unit", parameter.unit),
            parameter.source,
        )
        for name, parameter in policy.parameters.items()
    )
    yield from _table("parameters", ("parameter", "value", "unit", "source"), rows, wording)


def _facts(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    def origin(fact: PolicyFact) -> str:
        if fact.given:
            return wording("policy.given")
        return wording("policy.concluded") if fact.value is None else words.amount(fact.value, fact.unit)

    rows = (
        (_named(wording.text(fact.title), name), wording.name("unit", fact.unit), origin(fact))
        for name, fact in policy.facts.items()
    )
    yield from _table("facts", ("fact", "unit", "origin"), rows, wording)


def _conclusions(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    def concluded(name: str, value: object) -> str:
        unit = policy.facts[name].unit if name in policy.facts else None
        text = words.amount(value, unit) if isinstance(value, AmountWord) else None
        text = text or value_text(value, unit, policy.currency, wording)
        return wording("condition.equal", fact=words.fact(name), value=text)

    rows = (
        (
            _named(wording.text(conclusion.title), conclusion.id),
            words.condition_lines(conclusion.when),
            "\n".join(concluded(name, value) for name, value in conclusion.conclude.items()),
        )
        for conclusion in policy.conclusions
    )
    yield from _table("conclusions", ("conclusion", "when", "conclude"), rows, wording)


def _tasks(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    for name, tasks in (("actions", policy.actions), ("duties", policy.duties)):
        rows = (
            (_named(wording.text(task.title), task.id), words.condition_lines(task.when), task.kind)
            for task in tasks
        )
        yield from _table(name, ("task", "when", "kind"), rows, wording)


def _follow_up(policy: PolicyContent, words: PolicyWording, wording: Wording) -> Iterator[Block]:
    rule = policy.follow_up
    if rule is None:
        return
    rows = [
        (wording.name("follow_up", name), words.amount(getattr(rule, name)))
        for name in AMOUNTS
        if getattr(rule, name) is not None and getattr(rule, name) != 0
    ]
    if rule.documents:
        documents = wording.listed(wording.name("document", kind) for kind in rule.documents)
        rows.append((wording.name("follow_up", "documents"), documents))
    rows += [
        (wording.text(clock.title), wording.counted("unit.month", clock.months))
        for clock in rule.clocks
        if clock.months
    ]
    yield from _table("follow_up", ("requirement", "value"), rows, wording)


def _sources(policy: PolicyContent, wording: Wording) -> Iterator[Block]:
    rows = (
        (
            key,
            "\n".join(filter(None, (source.title, source.url))),
            wording.name("confidence", source.confidence),
        )
        for key, source in policy.sources.items()
    )
    yield from _table("sources", ("source", "document", "confidence"), rows, wording)
