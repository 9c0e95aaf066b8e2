"""The command line: `restructure offer`, `letter`, `watch`, `test`, `reschedule`, `schema`, `facts` and `explain`.

Exit status 0 means a decision was made, whatever it is, or that every case passed; 1 that a case failed or the
cases cover too little; 2 that the input was wrong.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import restructure
from restructure.errors import CATALOGUE, InvalidInput, Issue, Refused, RestructureError, did_you_mean

if TYPE_CHECKING:
    from restructure.blocks import Block
    from restructure.casework.decisions.decision import Decision
    from restructure.intake.application import Application
    from restructure.policy.policy import Policy

__all__ = ["main"]

_FAILED, _WRONG_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments).parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except RestructureError as error:
        for issue in error.issues:
            print(issue, file=sys.stderr)
        codes = dict.fromkeys(issue.code for issue in error.issues)
        print(f"(restructure explain {' | '.join(codes)} says more)", file=sys.stderr)
        return _WRONG_INPUT
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of a command line; only a command that it names loads what its own options need."""
    parser = argparse.ArgumentParser(
        prog="restructure", description="Repayment restructuring offers from a borrower's file."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (summary, add_options) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in arguments:
            add_options(command)
    return parser


def _version() -> str:
    """Give the version, and the rule engines that are installed for this interpreter."""
    engines = "reference and durable" if find_spec("durable_rules_engine") else "reference"
    return f"restructure {restructure.__version__} (rule engines: {engines})"


def _offer_options(offer: argparse.ArgumentParser) -> None:
    from restructure.casework.decisions.outcome import Detail
    from restructure.policy.engine.evaluation import Engines

    _case(offer)
    offer.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    offer.add_argument(
        "--language", choices=("en", "zh"), default="en", help="of the policy's texts (default: en)"
    )
    offer.add_argument(
        "--engines",
        choices=[engines.value for engines in Engines],
        default="both",
        help="which evaluators decide",
    )
    offer.add_argument(
        "--detail",
        choices=[detail.value for detail in Detail],
        default="decisive",
        help="how much of its reasons the decision records (default: decisive)",
    )
    offer.add_argument(
        "--why",
        metavar="RULE",
        help="explain one rule instead: every condition, near misses, what would have made the offer",
    )
    offer.set_defaults(run=_offer)


def _letter_options(letter: argparse.ArgumentParser) -> None:
    _case(letter)
    letter.add_argument("--rule", metavar="RULE", help="which offer (default: the best)")
    letter.add_argument(
        "--language", default="zh", help="a language that letters are written in: en, zh (default)"
    )
    letter.add_argument("--format", choices=("text", "html"), default="text", help="default: %(default)s")
    letter.add_argument("--sender", default="", help="who signs")
    letter.set_defaults(run=_letter)


def _watch_options(watch: argparse.ArgumentParser) -> None:
    _case(watch)
    watch.add_argument("--history", metavar="FILE", help="what was decided and agreed so far, as JSON Lines")
    watch.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    watch.add_argument("--language", default="en", help="of the policy's texts (default: en)")
    watch.set_defaults(run=_watch)


def _test_options(test: argparse.ArgumentParser) -> None:
    test.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a file of cases, a folder searched for *_test.yaml, or the name of a packaged policy",
    )
    test.add_argument("--coverage", action="store_true", help="say what of the policy the cases reach")
    test.add_argument(
        "--min-coverage", type=_percent, metavar="PERCENT", help="fail if they reach less of any policy"
    )
    test.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    test.set_defaults(run=_test)


def _reschedule_options(reschedule: argparse.ArgumentParser) -> None:
    reschedule.add_argument("request", metavar="REQUEST", help="a JSON or YAML file")
    reschedule.add_argument(
        "--format", choices=("json", "table"), default="json", help="JSON (default) or tables to read"
    )
    reschedule.set_defaults(run=_reschedule)


def _schema_options(schema: argparse.ArgumentParser) -> None:
    schema.add_argument(
        "of", nargs="?", choices=("application", "request", "policy", "cases"), default="application"
    )
    schema.set_defaults(run=_schema)


def _facts_options(facts: argparse.ArgumentParser) -> None:
    facts.add_argument(
        "policy",
        nargs="?",
        metavar="NAME|PATH",
        help="a policy whose own facts, and the events it reads, are listed instead",
    )
    facts.set_defaults(run=_facts)


def _explain_options(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("code", metavar="CODE|POLICY", help="a code, or a policy by name or path")
    explain.set_defaults(run=_explain)


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "offer": ("decide an application and print offers, reasons and refusals", _offer_options),
    "letter": ("write what the borrower is told about an offer or a refusal", _letter_options),
    "watch": ("say what a loan shows and what to do next, before any offer", _watch_options),
    "test": ("run the cases of a policy and say what they do not cover", _test_options),
    "reschedule": (
        "answer a calculator request (terms, or a position and measures) with a record in JSON",
        _reschedule_options,
    ),
    "schema": ("print the JSON Schema of an application, a request, a policy or its cases", _schema_options),
    "facts": ("list every fact that a rule may read", _facts_options),
    "explain": (
        "say what an error code means and how to mend it, or list a policy with all that it extends",
        _explain_options,
    ),
}
"""Each command with what the help says of it, and what adds its options."""


def _case(parser: argparse.ArgumentParser) -> None:
    """Add what names one case: an application, a policy and a day."""
    from restructure.policy.loading.locating import packaged_policies

    parser.add_argument("application", metavar="APPLICATION", help="a JSON or YAML file")
    parser.add_argument(
        "--policy",
        default="cn-consumer-finance",
        metavar="NAME|PATH",
        help=f"a policy file, its folder, or one of: {', '.join(packaged_policies())} (default: %(default)s)",
    )
    parser.add_argument(
        "--on", metavar="DATE", help="day of the decision, year-month-day (default: the application's as_of)"
    )


def _read_case(options: argparse.Namespace) -> "tuple[Application, Policy, date]":
    """Read an application, a policy and a day; whatever is wrong with any of them is said at once."""
    from restructure.intake.application import read_application
    from restructure.policy.loading.loading import load_policy

    issues: list[Issue] = []
    application = policy = on = None
    try:
        on = date.fromisoformat(options.on) if options.on else None
    except ValueError:
        issues.append(Issue("date-invalid", f'"{options.on}" is not a date; write year-month-day', "--on"))
    try:
        application = read_application(options.application)
    except RestructureError as error:
        issues += error.issues
    try:
        policy = load_policy(options.policy)
    except RestructureError as error:
        issues += error.issues
    if issues or application is None or policy is None:
        raise InvalidInput(issues)
    return application, policy, on or application.as_of


@contextmanager
def _located(options: argparse.Namespace) -> Iterator[None]:
    """Give what a decision finds wrong its place in the application's file."""
    from restructure.document import read_document

    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(read_document(options.application).located(error.issues)) from None
    except RestructureError as error:
        raise type(error)(
            Issue(i.code, i.message, i.place, i.file or options.application, i.line, i.column)
            for i in error.issues
        ) from None


def _offer(options: argparse.Namespace) -> int:
    from restructure.casework.decisions.decision import decide
    from restructure.casework.decisions.explanation import Explanation, explain
    from restructure.casework.decisions.outcome import Detail
    from restructure.policy.engine.evaluation import Engines
    from restructure.views import summarise

    application, policy, on = _read_case(options)
    with _located(options):
        decision = decide(
            application, policy, on=on, engines=Engines(options.engines), detail=Detail(options.detail)
        )
    shown: Decision | Explanation = decision
    if options.why is not None:
        shown = explain(decision, policy, rule=options.why)
    if options.format == "json":
        print(shown.model_dump_json(indent=2))
    elif isinstance(shown, Explanation):
        _print(summarise(shown, language=options.language))
    else:
        _print(summarise(decision, language=options.language))
    return 0


def _letter(options: argparse.Namespace) -> int:
    try:
        from restructure.report.letters.writing import letter
    except ImportError:
        sentence = "letters need babel and jinja2; install them with: pip install babel jinja2"
        raise InvalidInput(Issue("extra-absent", sentence)) from None
    from restructure.casework.decisions.decision import decide

    application, policy, on = _read_case(options)
    with _located(options):
        decision = decide(application, policy, on=on)
    written = letter(decision, policy, rule=options.rule, language=options.language, sender=options.sender)
    print(written.html if options.format == "html" else written.text, end="")
    return 0


def _watch(options: argparse.Namespace) -> int:
    from restructure.casework.agreements.early_warning import watch
    from restructure.casework.agreements.history_file import read_history
    from restructure.views import summarise

    application, policy, on = _read_case(options)
    history = None
    if options.history is not None:
        try:
            text = Path(options.history).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InvalidInput(
                Issue("file-missing", f"the history cannot be read: {why}", file=options.history)
            ) from None
        history = read_history(text, file=options.history)
    with _located(options):
        seen = watch(application, policy, on=on, history=history)
    if options.format == "json":
        print(seen.model_dump_json(indent=2))
    else:
        _print(summarise(seen, language=options.language))
    return 0


def _print(blocks: "Sequence[Block]") -> None:
    if sys.stdout.isatty():
        try:
            from restructure.report.terminal import render
        except ImportError:
            pass
        else:
            render(blocks)
            return
    from restructure.blocks import to_text

    print(to_text(blocks, width=min(get_terminal_size((100, 24)).columns, 120)), end="")


def _percent(text: str) -> Fraction:
    share = Fraction(text.removesuffix("%"))
    if not 0 <= share <= 100:
        raise ValueError(text)
    return share


def _test(options: argparse.Namespace) -> int:
    from restructure.testing.report import run_cases

    report = run_cases(options.paths)
    least = options.min_coverage
    if options.format == "json":
        print(json.dumps(report.plain(), indent=2, ensure_ascii=False))
    else:
        for line in report.lines(coverage=options.coverage or least is not None):
            print(line)
    enough = least is None or report.covers(least)
    if not enough:
        print(f"the cases cover less than {float(least):g} %", file=sys.stderr)
    return 0 if enough and not report.failed else _FAILED


def _reschedule(options: argparse.Namespace) -> int:
    from restructure.calculator.request import answer, read_request

    request = read_request(options.request)
    try:
        given = answer(request)
    except Refused as refused:
        raise Refused(
            Issue(issue.code, issue.message, issue.place, options.request) for issue in refused.issues
        ) from None
    if options.format == "table":
        from restructure.views import summarise

        _print(summarise(given))
        return 0
    print(given.model_dump_json(indent=2))
    return 0


def _schema(options: argparse.Namespace) -> int:
    from restructure.calculator.request import CalculationRequest
    from restructure.intake.application import Application
    from restructure.policy.loading.schema import policy_schema
    from restructure.testing.case_schema import cases_schema

    schemas = {
        "application": Application.model_json_schema,
        "request": CalculationRequest.model_json_schema,
        "policy": policy_schema,
        "cases": cases_schema,
    }
    print(json.dumps(schemas[options.of](), indent=2, ensure_ascii=False))
    return 0


def _facts(options: argparse.Namespace) -> int:
    from restructure.intake.facts import facts
    from restructure.policy.loading.listing import own_facts_lines
    from restructure.policy.loading.loading import load_policy

    if options.policy is not None:
        for line in own_facts_lines(load_policy(options.policy)):
            print(line)
        return 0
    for fact in facts().values():
        when = " (of a plan)" if fact.of_plan else ""
        print(f"{fact.name}: {fact.kind.value}{when}. {fact.doc}")
        if fact.formula:
            print(f"    = {fact.formula}")
    return 0


def _explain(options: argparse.Namespace) -> int:
    if options.code in CATALOGUE:
        print(f"{options.code}: {CATALOGUE[options.code]}")
        return 0
    from restructure.policy.loading.listing import listed
    from restructure.policy.loading.loading import load_located
    from restructure.policy.loading.locating import packaged_policies

    packaged = packaged_policies()
    if options.code not in packaged and not Path(options.code).exists():
        raise InvalidInput(
            Issue(
                "choice-unknown",
                f'no error has the code "{options.code}", nor is it a policy'
                f"{did_you_mean(options.code, [*CATALOGUE, *packaged])}",
            )
        )
    for line in listed(load_located(options.code)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
