"""Listing: a policy with all that it extends, line by line, each entry with the file and line it comes from."""

from collections.abc import Iterator

from restructure.policy.extending import Entry
from restructure.policy.origins import Located

__all__ = ["listed"]


def listed(located: Located) -> Iterator[str]:
    """List the entries of a policy section by section: what each says, where it stands, what it replaces.

    >>> from restructure.policy.loading import load_located
    >>> lines = list(listed(load_located("cn-consumer-finance")))
    >>> lines[0].startswith("cn-consumer-finance"), "gates" in lines
    (True, True)
    """
    policy = located.policy
    yield f"{policy.name} {policy.version}, {located.path}"
    section = ""
    for entry in located.entries:
        if entry.name and entry.section != section:
            section = entry.section
            yield section
        yield _line(entry)
    if located.removed:
        yield "removed"
        yield from (_line(entry) for entry in located.removed)


def _line(entry: Entry) -> str:
    name = f"  {entry.name}" if entry.name else entry.section
    says = f": {entry.says}" if entry.says else ""
    under = "" if entry.replaces is None else f", replaces {entry.replaces[0]}:{entry.replaces[1]}"
    return f"{name}{says}  [{entry.file}:{entry.line}{under}]"
