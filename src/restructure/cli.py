"""The command line: `restructure offer`, `letter`, `watch`, `test`, `reschedule`, `schema`, `facts` and `explain`.

Exit status 0 means a decision was made, whatever it is, or that every case passed; 1 that a case failed or the
cases cover too little; 2 that the input was wrong.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from shutil import get_terminal_size

from pydantic import BaseModel

from restructure.calculator.request import Request, answer, read_request
from restructure.casework.blocks import Block, to_text
from restructure.casework.case_report import run_cases
from restructure.casework.case_schema import cases_schema
from restructure.casework.decision import Decision, decide
from restructure.casework.early_warning import watch
from restructure.casework.explanation import Explanation, explain
from restructure.casework.history import read_history
from restructure.casework.outcome import Detail
from restructure.casework.summary import summarise, summarise_answer, summarise_explanation, summarise_warning
from restructure.document import read_document
from restructure.errors import CATALOGUE, InvalidInput, Issue, Refused, RestructureError, did_you_mean
from restructure.intake.application import Application, read_application
from restructure.intake.facts import facts
from restructure.policy.evaluation import Engines
from restructure.policy.language import Policy
from restructure.policy.listing import listed
from restructure.policy.loading import load_located, load_policy, packaged_policies
from restructure.policy.own_facts import own_facts_lines
from restructure.policy.schema import policy_schema
from restructure.policy.texts import check_language, languages_in

__all__ = ["main"]

_FAILED, _WRONG_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="restructure", description="Repayment restructuring offers from a borrower's file."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    offer = commands.add_parser("offer", help="decide an application and print offers, reasons and refusals")
    _case(offer)
    offer.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    offer.add_argument("--language", default="en", help="of the policy's texts (default: en)")
    offer.add_argument(
        "--engines", choices=[one.value for one in Engines], default="both", help="which evaluators decide"
    )
    offer.add_argument(
        "--detail",
        choices=[one.value for one in Detail],
        default="decisive",
        help="how much of its reasons the decision records (default: decisive)",
    )
    offer.add_argument(
        "--why",
        metavar="RULE",
        help="explain one rule instead: every condition, near misses, what would have made the offer",
    )
    offer.set_defaults(run=_offer)

    letter = commands.add_parser("letter", help="write what the borrower is told about an offer or a refusal")
    _case(letter)
    letter.add_argument("--rule", metavar="RULE", help="which offer (default: the best)")
    letter.add_argument(
        "--language", default="zh", help="a language that letters are written in: en, zh (default)"
    )
    letter.add_argument("--format", choices=("text", "html"), default="text", help="default: %(default)s")
    letter.add_argument("--sender", default="", help="who signs")
    letter.set_defaults(run=_letter)

    watch = commands.add_parser("watch", help="say what a loan shows and what to do next, before any offer")
    _case(watch)
    watch.add_argument("--history", metavar="FILE", help="what was decided and agreed so far, as JSON Lines")
    watch.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    watch.add_argument("--language", default="en", help="of the policy's texts (default: en)")
    watch.set_defaults(run=_watch)

    test = commands.add_parser("test", help="run the cases of a policy and say what they do not cover")
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

    reschedule = commands.add_parser(
        "reschedule",
        help="answer a calculator request (terms, or a position and measures) with a record in JSON",
    )
    reschedule.add_argument("request", metavar="REQUEST", help="a JSON or YAML file")
    reschedule.add_argument(
        "--format", choices=("json", "table"), default="json", help="JSON (default) or tables to read"
    )
    reschedule.set_defaults(run=_reschedule)

    schema = commands.add_parser(
        "schema", help="print the JSON Schema of an application, a request, a policy or its cases"
    )
    schema.add_argument(
        "of", nargs="?", choices=("application", "request", "policy", "cases"), default="application"
    )
    schema.set_defaults(run=_schema)

    listed = commands.add_parser("facts", help="list every fact that a rule may read")
    listed.add_argument(
        "policy",
        nargs="?",
        metavar="NAME|PATH",
        help="a policy whose own facts, and the events it reads, are listed instead",
    )
    listed.set_defaults(run=_facts)

    explain = commands.add_parser(
        "explain",
        help="say what an error code means and how to mend it, or list a policy with all that it extends",
    )
    explain.add_argument("code", metavar="CODE|POLICY", help="a code, or a policy by name or path")
    explain.set_defaults(run=_explain)
    return parser


def _case(parser: argparse.ArgumentParser) -> None:
    """Add what names one case: an application, a policy and a day."""
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


def _read_case(options: argparse.Namespace) -> tuple[Application, Policy, date]:
    """Read an application, a policy and a day; whatever is wrong with any of them is said at once."""
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
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(read_document(options.application).located(error.issues)) from None
    except RestructureError as error:
        raise type(error)(
            Issue(i.code, i.message, i.place, i.file or options.application, i.line, i.column)
            for i in error.issues
        ) from None


def _spoken(options: argparse.Namespace, *shown: BaseModel) -> str:
    """Give the language that is asked for, and English where what is shown has no text in it."""
    return str(options.language) if options.language in languages_in(*shown) else "en"


def _offer(options: argparse.Namespace) -> int:
    application, policy, on = _read_case(options)
    check_language(options.language, languages_in(policy))
    with _located(options):
        decision = decide(
            application, policy, on=on, engines=Engines(options.engines), detail=Detail(options.detail)
        )
    shown: Decision | Explanation = decision
    if options.why is not None:
        shown = explain(decision, policy, options.why)
    if options.format == "json":
        print(shown.model_dump_json(indent=2))
    elif isinstance(shown, Explanation):
        _print(summarise_explanation(shown, language=_spoken(options, shown)))
    else:
        _print(summarise(decision, language=options.language))
    return 0


def _letter(options: argparse.Namespace) -> int:
    try:
        from restructure.letters import letter
    except ImportError as error:
        sentence = f"letters need {error.name}; install it with: pip install 'restructure[letters]'"
        raise InvalidInput(Issue("extra-absent", sentence)) from None
    application, policy, on = _read_case(options)
    with _located(options):
        decision = decide(application, policy, on=on)
    written = letter(decision, policy, rule=options.rule, language=options.language, sender=options.sender)
    print(written.html if options.format == "html" else written.text, end="")
    return 0


def _watch(options: argparse.Namespace) -> int:
    application, policy, on = _read_case(options)
    check_language(options.language, languages_in(policy))
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
        _print(summarise_warning(seen, language=_spoken(options, *seen.steps, *seen.withheld)))
    return 0


def _print(blocks: Sequence[Block]) -> None:
    if sys.stdout.isatty():
        try:
            from restructure.display import render
        except ImportError:
            pass
        else:
            render(blocks)
            return
    print(to_text(blocks, width=min(get_terminal_size((100, 24)).columns, 120)), end="")


def _percent(text: str) -> Fraction:
    share = Fraction(text.removesuffix("%"))
    if not 0 <= share <= 100:
        raise ValueError(text)
    return share


def _test(options: argparse.Namespace) -> int:
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
    request = read_request(options.request)
    try:
        given = answer(request)
    except Refused as refused:
        raise Refused(
            Issue(issue.code, issue.message, issue.place, options.request) for issue in refused.issues
        ) from None
    if options.format == "table":
        _print(summarise_answer(given))
        return 0
    print(given.model_dump_json(indent=2))
    return 0


def _schema(options: argparse.Namespace) -> int:
    schemas = {
        "application": Application.model_json_schema,
        "request": Request.model_json_schema,
        "policy": policy_schema,
        "cases": cases_schema,
    }
    print(json.dumps(schemas[options.of](), indent=2, ensure_ascii=False))
    return 0


def _facts(options: argparse.Namespace) -> int:
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
    packaged = packaged_policies()
    if options.code not in CATALOGUE and (options.code in packaged or Path(options.code).exists()):
        for line in listed(load_located(options.code)):
            print(line)
        return 0
    if options.code not in CATALOGUE:
        raise InvalidInput(
            Issue(
                "choice-unknown",
                f'no error has the code "{options.code}", nor is it a policy'
                f"{did_you_mean(options.code, [*CATALOGUE, *packaged])}",
            )
        )
    print(f"{options.code}: {CATALOGUE[options.code]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
