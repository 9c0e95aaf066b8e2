"""Completion: scripts for bash, zsh and fish, written from the parser, so that they know what the command takes.

A script is static: pressing Tab starts no Python. It has the packaged policies and the codes of the version that
wrote it.
"""

import argparse
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from restructure.cli.command_table import COMMANDS
from restructure.cli.parsing import command_parser
from restructure.errors import CATALOGUE
from restructure.policy.loading.locating import packaged_policies
from restructure.report.wording import view_languages
from restructure.starts.examples import examples

__all__ = ["SHELLS", "completion_script"]


class _Value(NamedTuple):
    """What may be written at a place."""

    words: tuple[str, ...] = ()
    files: bool = False


class _Option(NamedTuple):
    flags: tuple[str, ...]
    summary: str
    value: _Value | None
    """`None` for an option that takes no value."""


class _Command(NamedTuple):
    name: str
    summary: str
    options: tuple[_Option, ...]
    value: _Value
    """What its arguments may be."""


def completion_script(shell: str) -> str:
    """Write the script for a shell of `SHELLS`."""
    return "\n".join(SHELLS[shell](list(_commands()))) + "\n"


def _commands() -> Iterator[_Command]:
    parser = command_parser([command.name for command in COMMANDS])
    (parsers,) = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    for command in COMMANDS:
        options, words, files = [], dict[str, None](), False
        for action in parsers[command.name]._actions:
            value = _value(action)
            if action.option_strings:
                summary = _summary(parsers[command.name], action)
                options.append(
                    _Option(tuple(action.option_strings), summary, None if action.nargs == 0 else value)
                )
            else:
                words |= dict.fromkeys(value.words)
                files = files or value.files
        yield _Command(command.name, command.summary, tuple(options), _Value(tuple(words), files))


def _value(action: argparse.Action) -> _Value:
    """Read from the name of a value in the help what it may be; an argument of another name is a file."""
    policies = tuple(packaged_policies())
    match action.metavar:
        case _ if action.choices is not None:
            return _Value(tuple(map(str, action.choices)))
        case "NAME|PATH" | "PATH":
            return _Value(policies, files=True)
        case "POLICY":
            return _Value(policies)
        case "EXAMPLE":
            return _Value(tuple(examples()))
        case "CODE|POLICY":
            return _Value((*CATALOGUE, *policies), files=True)
        case "CODE":
            return _Value(view_languages())
        case "all|N":
            return _Value(("all",))
        case "FILE" | "FOLDER":
            return _Value(files=True)
    return _Value(files=not action.option_strings)


def _summary(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Give the beginning of what the help says of an option."""
    text = parser._get_formatter()._expand_help(action)
    return re.split(r" \(|: |[;,] ", " ".join(text.split()))[0]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _bash(commands: list[_Command]) -> Iterator[str]:
    yield from (
        "# completion of restructure for bash",
        "_restructure() {",
        '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words= files= line',
        "    # bash takes the = of --format=json for a word of its own",
        '    if [ "$cur" = "=" ]; then cur=; elif [ "$prev" = "=" ]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi',
        "    COMPREPLY=()",
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f"        words={_quoted(' '.join([*(command.name for command in commands), '--help', '--version']))}",
        '    else case "${COMP_WORDS[1]} $prev" in',
    )
    for command in commands:
        for option in command.options:
            if option.value:
                pattern = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
                yield f"        {pattern}) {_set(option.value)} ;;"
    yield '        *) case "${COMP_WORDS[1]} $cur" in'
    for command in commands:
        flags = " ".join(flag for option in command.options for flag in option.flags)
        yield f'            "{command.name} -"*) words={_quoted(flags)} ;;'
        yield f'            "{command.name} "*) {_set(command.value)} ;;'
    yield from (
        "        esac ;;",
        "    esac fi",
        '    while IFS= read -r line; do [ -n "$line" ] && COMPREPLY+=("$line"); done < <(',
        '        compgen -W "$words" -- "$cur"; [ -n "$files" ] && compgen -f -- "$cur")',
        '    if [ -n "$files" ]; then compopt -o filenames 2>/dev/null; fi',
        "    return 0",
        "}",
        "complete -F _restructure restructure",
    )


def _set(value: _Value) -> str:
    return f"words={_quoted(' '.join(value.words))} files={'1' if value.files else ''}"


def _zsh(commands: list[_Command]) -> Iterator[str]:
    yield from (
        "#compdef restructure",
        "# completion of restructure for zsh",
        "_restructure() {",
        "    local command=$words[2] previous=$words[CURRENT-1]",
        "    local -a choices",
        "    if [[ $PREFIX == --*=* ]]; then previous=${PREFIX%%=*}; compset -P '*='; fi",
        "    if (( CURRENT == 2 )); then",
        f"        choices=({_described(((command.name,), command.summary) for command in commands)})",
        "        _describe command choices; return",
        "    fi",
        '    case "$command $previous" in',
    )
    for command in commands:
        for option in command.options:
            if option.value:
                pattern = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
                yield f"        ({pattern}) {_added(option.value)}; return ;;"
    yield from ("    esac", '    case "$command $PREFIX" in')
    for command in commands:
        flags = _described((option.flags, option.summary) for option in command.options)
        yield f'        ("{command.name} -"*) choices=({flags}); _describe option choices ;;'
        yield f'        ("{command.name} "*) {_added(command.value)} ;;'
    yield from (
        "    esac",
        "}",
        'if [ "$funcstack[1]" = _restructure ]; then _restructure "$@"; else compdef _restructure restructure; fi',
    )


def _described(entries: Iterator[tuple[tuple[str, ...], str]]) -> str:
    return " ".join(_quoted(f"{word}:{summary}") for words, summary in entries for word in words)


def _added(value: _Value) -> str:
    parts = [f"compadd -- {' '.join(value.words)}"] if value.words else []
    return "; ".join([*parts, *(["_files"] if value.files else [])]) or "true"


def _fish(commands: list[_Command]) -> Iterator[str]:
    yield from ("# completion of restructure for fish", "complete -c restructure -f")
    for command in commands:
        yield (
            f"complete -c restructure -n __fish_use_subcommand -a {command.name} -d {_fish_quoted(command.summary)}"
        )
        here = f"complete -c restructure -n '__fish_seen_subcommand_from {command.name}'"
        if command.value.words:
            yield f"{here} -a {_fish_quoted(' '.join(command.value.words))}"
        if command.value.files:
            yield f"{here} -F"
        for option in command.options:
            flags = " ".join(
                f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
            )
            value = ""
            if option.value:
                value = " -r -F" if option.value.files else " -x"
                value += f" -a {_fish_quoted(' '.join(option.value.words))}" if option.value.words else ""
            yield f"{here} {flags}{value} -d {_fish_quoted(option.summary)}"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: dict[str, Callable[[list[_Command]], Iterator[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""The shells, each with what writes the lines of its script."""
