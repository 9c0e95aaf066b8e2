"""Extending: resolve a policy that extends others into one, before anything else is read.

The result is plain data like that of one file, and every part of it keeps the file and line that it comes from, so
that a fault of a base policy is reported in the base policy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from restructure.document import Document, Place, read_document
from restructure.errors import InvalidPolicy, Issue, RestructureError, did_you_mean
from restructure.policy.language.section_table import SECTIONS, Inheritance, section_named

__all__ = ["Entry", "Resolved", "resolve"]

_DEEPEST = 8
_OWN = tuple(section.name for section in SECTIONS if section.inheritance is Inheritance.NOTHING)
_WHOLE = tuple(section.name for section in SECTIONS if section.inheritance is not Inheritance.ENTRIES)
_HANDLED = ("extends", "removes")

Find = Callable[[str, Path], Path]
"""Finds the file of a policy that another names, given the folder of that one, or raises `InvalidPolicy`."""


class _EntrySource(NamedTuple):
    """One entry, and where it is written."""

    value: Any
    document: Document
    place: Place
    replaces: "_EntrySource | None" = None


class Entry(NamedTuple):
    """One entry of a resolved policy, and where it is written."""

    section: str
    """The section, such as `rules`."""
    name: str
    """Its id or name; empty for a section that is one value, such as the currency."""
    file: str
    """The path of the file it is written in."""
    line: int
    """The line in that file, from 1."""
    replaces: tuple[str, int] | None
    """File and line of the inherited entry it replaces, `None` if it replaces none."""
    summary: str
    """Its content in a few words, such as the title, or the values of a parameter."""


class _PolicyLayer(NamedTuple):
    """A policy merged with all that it extends, section by section."""

    whole: dict[str, _EntrySource]
    named: dict[str, dict[str, _EntrySource]]
    lists: set[str]
    """The sections that are lists of entries with an id; in the others the key is the name."""
    currencies: dict[str, str]
    """The currency of each file's amounts, empty if neither the file nor a policy that it extends has one."""


class Resolved(Document):
    """The data of a policy merged with what it extends; places are located in the file they were written in."""

    __slots__ = ("_homes", "currencies", "entries", "removed")

    def __init__(self, document: Document, data: Any, homes: Mapping[Place, tuple[Document, Place]]) -> None:
        super().__init__(data, file=document.file, places=dict)
        self._homes = {(): (document, ()), **homes}
        self.currencies: Mapping[str, str] = {}
        """The currency of each file's amounts."""
        self.entries: tuple[Entry, ...] = ()
        """Every entry with the file and line it is written in, in order."""
        self.removed: tuple[Entry, ...] = ()
        """The inherited entries that it removes."""

    def home(self, place: Sequence[Any]) -> tuple[Document, Place]:
        """Give the document in which a place of the resolved policy was written, and its place there."""
        place = tuple(place)
        for length in (2, 1):
            if place[:length] in self._homes:
                document, root = self._homes[place[:length]]
                return document, (*root, *place[length:])
        return self._homes[()][0], place

    def locate(self, place: Sequence[str | int]) -> tuple[int | None, int | None]:
        """Give line and column in the file that a place comes from."""
        document, there = self.home(place)
        return document.locate(there)

    def issue(self, code: str, message: str, place: Sequence[str | int] = ()) -> Issue:
        """Make a finding in the file that a place comes from."""
        document, there = self.home(place)
        return document.issue(code, message, there)


def resolve(document: Document, path: Path, find: Find) -> tuple[Resolved, list[Issue]]:
    """Merge a policy with what it extends, and give the faults found on the way.

    Raises `InvalidPolicy` if a policy that it extends cannot be read: everything that refers to it would be reported
    too.
    """
    if not isinstance(document.data, Mapping):
        return Resolved(document, document.data, {}), []
    resolver = _Resolver(find)
    layer = resolver.layer(document, path, ())
    if resolver.incomplete:
        raise InvalidPolicy(resolver.issues)
    data: dict[str, Any] = {name: part.value for name, part in layer.whole.items()}
    homes: dict[Place, tuple[Document, Place]] = {}
    for name, part in layer.whole.items():
        homes[name,] = part.document, part.place
    for section, parts in layer.named.items():
        listed = section in layer.lists
        data[section] = (
            [part.value for part in parts.values()]
            if listed
            else {name: part.value for name, part in parts.items()}
        )
        for k, (name, part) in enumerate(parts.items()):
            homes[section, k if listed else name] = part.document, part.place
        own = section in document.data or not parts
        homes[section,] = (document if own else next(iter(parts.values())).document), (section,)
    resolved = Resolved(document, data, homes)
    resolved.currencies = layer.currencies
    resolved.entries = tuple(_entries(layer))
    resolved.removed = tuple(_entry(section, name, part) for section, name, part in resolver.removed)
    return resolved, resolver.issues


def _entries(layer: _PolicyLayer) -> Iterator[Entry]:
    for name, part in layer.whole.items():
        yield _entry(name, "", part)
    for section, parts in layer.named.items():
        for key, part in parts.items():
            yield _entry(section, key, part)


def _entry(section: str, name: str, part: _EntrySource) -> Entry:
    replaces = None if part.replaces is None else _at(part.replaces)
    return Entry(section, name, *_at(part), replaces, _summary(section, part.value))


def _summary(section: str, value: Any) -> str:
    """Summarise an entry: the dated values if they are plain, else the title, or the words of a list."""
    if isinstance(value, Mapping):
        title, values = value.get("title", value.get("en")), value.get("values")
        if section == "parameters" and isinstance(values, Mapping):
            return ", ".join(
                f"{'none' if number is None else number} from {day}" for day, number in values.items()
            )
        return _summary("", title) if title else ""
    if isinstance(value, list):
        return ", ".join(
            str(part.get("fact", "")) if isinstance(part, Mapping) else str(part) for part in value
        )
    return str(value)


def _at(part: _EntrySource) -> tuple[str, int]:
    return part.document.file or "", part.document.locate(part.place)[0] or 0


class _Resolver:
    """Resolves one policy with all that it extends."""

    def __init__(self, find: Find) -> None:
        self.find = find
        self.issues: list[Issue] = []
        self.layers: dict[Path, _PolicyLayer] = {}
        """The policies resolved so far: one that is extended by several others is read once."""
        self.incomplete = False
        """Whether a policy that is extended could not be read."""
        self.removed: list[tuple[str, str, _EntrySource]] = []

    def layer(self, document: Document, path: Path, under: tuple[Path, ...]) -> _PolicyLayer:
        """Merge a policy with what it extends; `under` are the policies that extend it, outermost first."""
        data: Mapping[str, Any] = document.data
        bases = list(self.bases(document, path, (*under, path.resolve())))
        layer = self.combined(document, bases)
        self.remove(document, layer)
        for section, raw in data.items():
            if section in _HANDLED:
                continue
            parts = None if section in _WHOLE else _parts(section, raw, document)
            listed = isinstance(raw, list)
            alike = section not in layer.named or listed is (section in layer.lists)
            if parts is None or not alike:
                value = raw
                known = section_named(section)
                united = known is not None and known.inheritance is Inheritance.UNION
                if united and isinstance(raw, list) and section in layer.whole:
                    value = [*dict.fromkeys([*layer.whole[section].value, *raw])]
                layer.whole[section] = _EntrySource(value, document, (section,), layer.whole.get(section))
                layer.named.pop(section, None)
            else:
                here = layer.named.setdefault(section, {})
                if listed:
                    layer.lists.add(section)
                for key, part in parts.items():
                    here[key] = self.merged(section, key, part, here.get(key), bases)
        currency = layer.whole.get("currency")
        layer.currencies[document.file or ""] = "" if currency is None else str(currency.value)
        return layer

    def bases(self, document: Document, path: Path, under: tuple[Path, ...]) -> Iterator[_PolicyLayer]:
        raw = document.data.get("extends", [])
        listed = raw if isinstance(raw, list) else [raw]
        for k, source in enumerate(listed):
            place: Place = ("extends", k) if isinstance(raw, list) else ("extends",)
            if not isinstance(source, str) or not source.strip():
                self.report(
                    document,
                    "value-invalid",
                    "write the name or the path of a policy, or a list of them",
                    place,
                )
                continue
            base = self.base_file(document, source, path, under, place)
            if base is not None and base.resolve() not in self.layers:
                read = self.opened(base)
                if read is not None:
                    self.layers[base.resolve()] = self.layer(read, base, under)
            layer = None if base is None else self.layers.get(base.resolve())
            self.incomplete = self.incomplete or layer is None
            if layer is not None:
                yield layer

    def base_file(
        self, document: Document, source: str, path: Path, under: tuple[Path, ...], place: Place
    ) -> Path | None:
        try:
            base = self.find(source, path.parent)
        except InvalidPolicy as error:
            self.report(document, "extends-missing", error.issues[0].message, place)
            return None
        if base.resolve() in under:
            names = [
                path.parent.name if path.stem == "policy" else path.name for path in (*under, base.resolve())
            ]
            self.report(document, "extends-cycle", f"{' extends '.join(names)}; break the circle", place)
            return None
        if len(under) > _DEEPEST:
            self.report(
                document,
                "extends-deep",
                f"more than {_DEEPEST} policies extend each other in a row; extend one further down",
                place,
            )
            return None
        return base

    def opened(self, base: Path) -> Document | None:
        try:
            read = read_document(base, exact_numbers=True)
        except RestructureError as error:
            self.issues += (issue for issue in error.issues if issue not in self.issues)
            return None
        if not isinstance(read.data, Mapping):
            self.report(read, "value-invalid", "a policy is a group of named fields", ())
            return None
        return read

    def combined(self, document: Document, bases: Sequence[_PolicyLayer]) -> _PolicyLayer:
        """Combine the base policies; conflicting entries that this one does not resolve are reported."""
        layer = _PolicyLayer({}, {}, set(), {})
        settled = _settled(document)
        for base in bases:
            layer.currencies.update(base.currencies)
            layer.lists.update(base.lists)
            for name, part in base.whole.items():
                if name in _OWN:
                    continue
                held = layer.whole.setdefault(name, part)
                if held.value != part.value and name not in document.data:
                    self.clash(document, name, held, part)
            for section, parts in base.named.items():
                here = layer.named.setdefault(section, {})
                for key, part in parts.items():
                    held = here.setdefault(key, part)
                    if not _same(held, part) and key not in settled:
                        self.clash(document, key, held, part)
        return layer

    def clash(self, document: Document, name: str, first: _EntrySource, second: _EntrySource) -> None:
        places = " and ".join(f"{file}:{line}" for file, line in (_at(first), _at(second)))
        self.report(
            document,
            "extends-clash",
            f'"{name}" is defined differently in {places}; replace it here, or remove it',
            ("extends",),
        )

    def remove(self, document: Document, layer: _PolicyLayer) -> None:
        raw = document.data.get("removes", [])
        if not isinstance(raw, list) or not all(isinstance(name, str) for name in raw):
            self.report(document, "value-invalid", "write a list of the ids to remove", ("removes",))
            return
        for k, name in enumerate(raw):
            sections = [section for section, parts in layer.named.items() if name in parts]
            for section in sections:
                self.removed.append((section, name, layer.named[section].pop(name)))
                if not layer.named[section]:
                    del layer.named[section]
            if not sections and not self.incomplete:
                self.report(
                    document,
                    "extends-unknown",
                    f'"{name}" is in no policy that this one extends, so it cannot be removed'
                    f"{did_you_mean(name, _names(layer))}",
                    ("removes", k),
                )

    def merged(
        self,
        section: str,
        key: str,
        part: _EntrySource,
        under: _EntrySource | None,
        bases: Sequence[_PolicyLayer],
    ) -> _EntrySource:
        """Merge an entry with the inherited one of the same name, if there is one and the entry replaces it."""
        value, document, place = part.value, part.document, part.place
        if not isinstance(value, Mapping):
            return part
        asked = value.get("replaces", False)
        if not isinstance(asked, bool):
            self.report(document, "value-invalid", "replaces is true or false", (*place, "replaces"))
        kept = value.get("keeps", [])
        value = {name: inner for name, inner in value.items() if name not in ("replaces", "keeps")}
        if kept != [] and (asked is not True or under is None):
            self.report(
                document, "extends-keeps", "only what replaces another keeps parts of it", (*place, "keeps")
            )
            kept = []
        if under is None:
            if asked is True and not self.incomplete:  # a policy that could not be read may have it
                known = [name for base in bases for name in base.named.get(section, {})]
                why = did_you_mean(key, known) if bases else "; this policy extends none"
                self.report(
                    document,
                    "extends-unknown",
                    f'"{key}" is in no policy that this one extends, so it replaces nothing{why}',
                    (*place, "replaces"),
                )
            return part._replace(value=value)
        known_section = section_named(section)
        # A source that is copied is still the same source.
        repeated = known_section is not None and known_section.repeatable and under.value == value
        if asked is not True and not repeated:
            file, line = _at(under)
            self.report(
                document,
                "extends-silent",
                f'"{key}" is already defined in {file}:{line}; write replaces: true, or choose another name',
                place,
            )
        if known_section is not None and isinstance(under.value, Mapping):
            value = {name: under.value[name] for name in known_section.kept if name in under.value} | value
        value = self.kept(kept, part, under) | value
        return part._replace(value=value, replaces=under)

    def kept(self, kept: Any, part: _EntrySource, under: _EntrySource) -> dict[str, Any]:
        """Take over from the replaced entry the fields that an entry keeps."""
        if not isinstance(kept, list) or not all(isinstance(name, str) for name in kept):
            self.report(
                part.document, "extends-keeps", "write a list of the fields to keep", (*part.place, "keeps")
            )
            return {}
        theirs: Mapping[str, Any] = under.value if isinstance(under.value, Mapping) else {}
        for k, name in enumerate(kept):
            there = name in theirs and name not in part.value
            # A file named in the replaced entry would be looked for in the folder of this policy.
            if not there or (name in ("rows", "values") and isinstance(theirs[name], str)):
                file, line = _at(under)
                why = (
                    f'"{name}" is given here too'
                    if name in part.value
                    else f"{file}:{line} has it in a file beside it"
                    if name in theirs
                    else f'{file}:{line} has no "{name}"{did_you_mean(name, theirs)}'
                )
                self.report(
                    part.document,
                    "extends-keeps",
                    f"{why}; it cannot be kept",
                    (*part.place, "keeps", k),
                )
        return {name: theirs[name] for name in kept if name in theirs}

    def report(self, document: Document, code: str, message: str, place: Place) -> None:
        self.issues.append(document.issue(code, message, place))


def _parts(section: str, raw: Any, document: Document) -> dict[str, _EntrySource] | None:
    """Split a section into entries by name or id; `None` if it is neither a group nor a list."""
    if isinstance(raw, Mapping):
        return {name: _EntrySource(value, document, (section, name)) for name, value in raw.items()}
    if not isinstance(raw, list):
        return None
    parts: dict[str, _EntrySource] = {}
    for k, item in enumerate(raw):
        name = item.get("id") if isinstance(item, Mapping) else None
        # An entry without an id, or with a repeated one, gets a key of its own; the fault is reported when it is read.
        key = name if isinstance(name, str) and name not in parts else f"{document.file}#{k}"
        parts[key] = _EntrySource(item, document, (section, k))
    return parts


def _same(first: _EntrySource, second: _EntrySource) -> bool:
    """Tell whether two entries are equal, and read the same file if they name one for their rows."""
    folders = {Path(part.document.file or "").parent.resolve() for part in (first, second)}
    beside = isinstance(first.value, Mapping) and isinstance(first.value.get("rows"), str)
    return first.value == second.value and (len(folders) == 1 or not beside)


def _settled(document: Document) -> set[str]:
    """Name the entries that a policy defines itself or removes, which its bases may define differently."""
    removes = document.data.get("removes")
    names = {name for name in removes if isinstance(name, str)} if isinstance(removes, list) else set[str]()
    for section, raw in document.data.items():
        if section not in (*_WHOLE, *_HANDLED):
            names.update(_parts(section, raw, document) or ())
    return names


def _names(layer: _PolicyLayer) -> list[str]:
    return [key for parts in layer.named.values() for key in parts]
