"""`restructure completion`: print a script that completes the command in a shell."""

from argparse import ArgumentParser, Namespace

from restructure.cli.completion import SHELLS, completion_script
from restructure.cli.output import write

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument(
        "shell",
        choices=tuple(SHELLS),
        metavar="SHELL",
        help=f"which shell: {', '.join(SHELLS)}; its start file reads the script: "
        'eval "$(restructure completion bash)", or restructure completion fish | source',
    )


def run(options: Namespace) -> int:
    """Print the script."""
    write(completion_script(options.shell))
    return 0
