"""Completion in real shells: what Tab offers at each place of a command line."""

import shutil
import subprocess

import pytest

from restructure import packaged_policies
from restructure.cli.command_table import COMMANDS
from restructure.cli.completion import SHELLS, completion_script
from restructure.cli.parsing import command_parser
from restructure.errors import CATALOGUE


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture(scope="module")
def scripts():
    return {shell: completion_script(shell) for shell in SHELLS}


def output(*command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def in_bash(script, lines, folder):
    """What bash offers for each list of words, of which the last is being written."""
    asked = "\n".join(
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _restructure; "
        'printf "%s\\t" "${COMPREPLY[@]}"; echo'
        for words in lines
    )
    answers = output("bash", "--norc", "-c", f"{script}\n{asked}", folder=folder)
    return [[word for word in line.split("\t") if word] for line in answers.split("\n")[:-1]]


@needs("bash")
def test_bash_completes_commands_options_words_policies_codes_and_files(scripts, tmp_path):
    (tmp_path / "my file.json").touch()
    (tmp_path / "mine").mkdir()
    names = [command.name for command in COMMANDS]
    expected = {
        ("restructure", "''"): [*names, "--help", "--version"],
        ("restructure", "re"): ["reschedule"],
        ("restructure", "offer", "m"): ["mine", "my file.json"],
        ("restructure", "offer", "--form"): ["--format"],
        ("restructure", "offer", "--format", "''"): ["table", "json"],
        ("restructure", "offer", "--format", "=", "j"): ["json"],
        ("restructure", "offer", "--format", "="): ["table", "json"],
        ("restructure", "letter", "a.json", "--format", "h"): ["html"],
        ("restructure", "reschedule", "--rows", "''"): ["all"],
        ("restructure", "watch", "--language", "''"): ["en", "zh"],
        ("restructure", "watch", "--history", "my"): ["my file.json"],
        ("restructure", "watch", "--on", "''"): [],
        ("restructure", "schema", "p"): ["policy"],
        ("restructure", "explain", "money-float", "money-f"): [
            code for code in CATALOGUE if code.startswith("money-f")
        ],
        ("restructure", "offer", "--policy", "cn"): ["cn-consumer-finance"],
        ("restructure", "completion", "''"): ["bash", "zsh", "fish"],
        ("restructure", "new", "a"): ["application"],
        ("restructure", "new", "policy", "--copy", "us-ha"): ["us-hamp"],
        ("restructure", "examples", "ill"): ["illness"],
        ("restructure", "nonsense", "''"): [],
    }
    answers = in_bash(scripts["bash"], expected, tmp_path)
    for words, answer in zip(expected, answers, strict=True):
        assert sorted(answer) == sorted(expected[words]), words


@needs("bash")
def test_bash_knows_every_option_of_every_command(scripts, tmp_path):
    parser = command_parser([command.name for command in COMMANDS])
    (commands,) = [action.choices for action in parser._actions if action.choices]
    answers = in_bash(scripts["bash"], [("restructure", name, "-") for name in commands], tmp_path)
    for command, answer in zip(commands.values(), answers, strict=True):
        assert set(answer) == set(command._option_string_actions)


@needs("fish")
def test_fish_completes_commands_options_words_policies_codes_and_files(scripts, tmp_path):
    (tmp_path / "my.json").touch()
    (tmp_path / "restructure.fish").write_text(scripts["fish"], "utf-8")
    expected = {
        "restructure re": ["reschedule"],
        "restructure offer m": ["my.json"],
        "restructure offer --form": ["--format"],
        "restructure offer --format ": ["json", "table"],
        "restructure schema p": ["policy"],
        "restructure explain money-float money-f": [code for code in CATALOGUE if code.startswith("money-f")],
        "restructure offer --policy us-h": [name for name in packaged_policies() if name.startswith("us-h")],
    }
    asked = "; echo ----; ".join(f'complete -C "{line}"' for line in expected)
    answers = output("fish", "--no-config", "-c", f"source restructure.fish; {asked}", folder=tmp_path).split(
        "----\n"
    )
    for (line, words), answer in zip(expected.items(), answers, strict=True):
        assert sorted(part.split("\t")[0] for part in answer.splitlines()) == sorted(words), line


@needs("zsh")
def test_zsh_is_offered_the_same(scripts, tmp_path):
    """The widgets of zsh work only while it completes; functions in their place say what they were asked to offer."""
    stubs = """
    compdef() { :; }
    compadd() { shift; print -r -- "words $*"; }
    _files() { print files; }
    _describe() { local -a shown=("${(@P)2}"); print -r -- "$1 ${shown[@]%%:*}"; }
    compset() { PREFIX=${PREFIX#*=}; }
    ask() { words=("$@"); CURRENT=$#; PREFIX=${words[-1]}; _restructure; }
    """
    asked = {
        "ask restructure ''": "command " + " ".join(command.name for command in COMMANDS),
        "ask restructure offer ''": "files",
        "ask restructure offer --format ''": "words table json",
        "ask restructure offer --format=j": "words table json",
        "ask restructure watch --history ''": "files",
        "ask restructure schema ''": "words application request policy cases",
        "ask restructure completion --": "option -h --help",
        "ask restructure watch --on ''": "",
    }
    lines = "; print -- ----; ".join(asked)
    answers = output("zsh", "-f", "-c", f"{stubs}\n{scripts['zsh']}\n{lines}", folder=tmp_path).split(
        "----\n"
    )
    for (line, wanted), answer in zip(asked.items(), answers, strict=True):
        assert answer.strip() == wanted, line
