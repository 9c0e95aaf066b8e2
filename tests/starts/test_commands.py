"""`restructure new` and `restructure examples` as a new user meets them, with wrong input too."""

import json
import re
import tomllib
from contextlib import chdir
from pathlib import Path

import pytest

from restructure import packaged_policies
from restructure.cli import main
from restructure.document import read_document
from restructure.policy.loading.loading import load_policy
from restructure.starts.copying import copy_out
from restructure.starts.examples import examples, examples_folder
from restructure.starts.formats import SCHEMA_LINE, schema_of
from restructure.testing.report import run_cases

ROOT = Path(__file__).parents[2]
DAY = ("--on", "2026-03-18")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    def command(line, *, status=0):
        assert main(line.split()) == status
        captured = capsys.readouterr()
        assert (captured.err == "") is (status == 0)
        return captured.out or captured.err

    return command


def schemas_named(folder: Path) -> dict[Path, Path]:
    """Each YAML file below a folder, with the file that its first line names."""
    named = {}
    for path in folder.rglob("*.yaml"):
        if "reused" not in path.parts:
            match = SCHEMA_LINE.match(path.read_text("utf-8"))
            assert match, f"{path} names no schema"
            named[path] = path.parent / match[0].partition("$schema=")[2]
    return named


# --- from nothing to a decision


def test_every_command_that_is_named_next_works_as_it_is_printed(run):
    said = run("new application")
    assert "Next: restructure offer application.yaml" in said
    assert "OFFER: 2 offers" in run("offer application.yaml")
    said = run("new policy ours/policy.yaml")
    assert "Next: restructure new cases --policy ours/policy.yaml" in said
    assert "OFFER: one offer" in run("offer application.yaml --policy ours/policy.yaml")
    said = run("new cases --policy ours/policy.yaml")
    assert "Next: restructure test ours/policy_test.yaml" in said
    assert "2 passed, 0 failed" in run("test ours")


def test_messages_are_in_the_language_of_the_comments(run):
    assert "下一步：restructure offer application.yaml" in run("new application --language zh")
    assert "# 每月收入" in Path("application.yaml").read_text("utf-8")


def test_a_path_without_a_suffix_is_a_folder_and_a_dash_is_standard_output(run):
    run(f"new policy ours --extends cn-consumer-finance {' '.join(DAY)}")
    assert load_policy("ours").name == "our-policy"
    assert run("new policy -").startswith("# A policy")
    assert "yaml-language-server" not in run("new application -")
    assert sorted(path.name for path in Path().iterdir()) == ["ours"]


def test_the_suffix_json_asks_for_json(run):
    run("new application mine.json --kind stated")
    assert json.loads(Path("mine.json").read_text("utf-8"))["loan"]["basis"] == "stated"
    assert [path.name for path in Path().iterdir()] == ["mine.json"]


def test_a_policy_that_extends_one_by_its_path_finds_it_from_its_own_folder(run):
    run("new policy base")
    run("new policy branch/policy.yaml --extends base/policy.yaml")
    assert {rule.id for rule in load_policy("branch").rules} == {"longer-term", "our-small-step"}
    run("new cases tests --policy branch")
    assert run_cases(["tests"]).failed == ()


def test_cases_without_a_policy_are_those_of_the_policy_here_or_else_of_the_packaged_one(run):
    run("new cases")
    assert "policy: cn-consumer-finance" in Path("cn-consumer-finance_test.yaml").read_text("utf-8")
    run("new policy")
    assert "restructure test policy_test.yaml" in run("new cases")
    assert 'policy: "."' in Path("policy_test.yaml").read_text("utf-8")


# --- what is there already, and what is wrong


def test_a_file_that_exists_is_kept_unless_force_replaces_it(run):
    Path("application.yaml").write_text("mine", "utf-8")
    assert run("new application", status=2).startswith(
        "application.yaml: file-exists: the file exists already"
    )
    assert Path("application.yaml").read_text("utf-8") == "mine"
    assert not Path("application.schema.json").exists()
    run("new application --force")
    assert "OFFER" in run("offer application.yaml")


def test_a_link_to_nowhere_and_a_folder_are_not_written_over(run, folder):
    (folder / "away.yaml").symlink_to(folder / "nowhere")
    assert "file-exists" in run("new application away.yaml --force", status=2)
    (folder / "taken.yaml" / "application.yaml").mkdir(parents=True)
    assert "file-exists" in run("new application taken.yaml --force", status=2)


def test_a_file_that_only_has_the_name_of_a_schema_is_kept(run):
    Path("policy.schema.json").write_text("{}", "utf-8")
    assert "policy.schema.json: file-exists" in run("new policy", status=2)
    assert Path("policy.schema.json").read_text("utf-8") == "{}"
    assert not Path("policy.yaml").exists()


def test_the_schema_of_an_older_release_is_replaced(run):
    old = {"title": schema_of("policy")["title"]}
    Path("policy.schema.json").write_text(json.dumps(old), "utf-8")
    run("new policy")
    assert json.loads(Path("policy.schema.json").read_text("utf-8")) == schema_of("policy")


def test_a_path_below_a_file_cannot_be_written(run):
    Path("file").write_text("", "utf-8")
    assert "file-unwritable: the file cannot be written" in run("new application file/mine.yaml", status=2)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "new cases --kind stated",
            "arguments-invalid: --kind: this is an option of `restructure new application`",
        ),
        ("new application --extends us-hamp", "--extends: this is an option of `restructure new policy`"),
        ("new policy --copy us-hamp --extends us-hamp", "--copy writes a folder of its own"),
        ("new application --language fr", 'nothing is written in "fr" (known: en, zh)'),
        ("examples --language fr", 'nothing is written in "fr" (known: en, zh)'),
        ("new policy --copy us-ham", '"us-ham" is not a packaged policy (did you mean "us-hamp"?)'),
        ("new application --on 2026-02-30", "2026-02-30"),
        ("examples ilness", '(did you mean "illness"?)'),
    ],
)
def test_wrong_input_is_one_sentence_and_nothing_is_written(run, line, sentence):
    assert sentence in run(line, status=2)
    assert list(Path().iterdir()) == []


def test_a_file_that_is_not_there_but_is_an_example_is_called_one(run):
    hint = "an example has this name: restructure examples {} --copy ."
    assert hint.format("illness") in run("offer illness", status=2)
    assert hint.format("overspending") in run("offer examples/overspending.json", status=2)
    assert hint.format("waterfall") in run("test waterfall", status=2)
    assert "an example" not in run("offer somebody.json", status=2)


# --- the schema line


def test_every_written_file_names_a_schema_that_is_there(run, folder):
    run("new application")
    run("new policy ours")
    run("new cases --policy ours")
    named = schemas_named(folder)
    assert {path.name: json.loads(schema.read_text("utf-8")) for path, schema in named.items()} == {
        "application.yaml": schema_of("application"),
        "policy.yaml": schema_of("policy"),
        "policy_test.yaml": schema_of("cases"),
    }


@pytest.mark.parametrize("name", packaged_policies())
def test_a_copied_policy_can_be_used_anywhere(name, folder):
    """It loads, its cases can be read, and every path in it leads to a file of the copy."""
    copy_out(packaged_policies()[name].parent, ["."], folder / name)
    assert all(schema.is_file() for schema in schemas_named(folder).values())
    assert load_policy(folder / name).name == name
    for path in (folder / name).rglob("*.yaml"):
        for reference in re.findall(
            r"\b(?:application|reuse): *([\w./-]*/[\w./-]+)", path.read_text("utf-8")
        ):
            target = (path.parent / reference).resolve()
            assert target.is_file()
            assert target.is_relative_to(folder.resolve())


@pytest.mark.parametrize("name", ["us-fha-hamp", "ie-living-expenses"])
def test_the_cases_of_a_copied_policy_pass(name, run):
    said = run(f"new policy --copy {name}")
    assert f"Next: restructure test {name}" in said
    assert " 0 failed" in run(f"test {name}")


@pytest.mark.slow
@pytest.mark.parametrize("name", packaged_policies())
def test_the_cases_of_every_copied_policy_pass(name, folder):
    copy_out(packaged_policies()[name].parent, ["."], folder / name)
    assert run_cases([folder / name]).failed == ()


# --- the examples


def test_every_example_is_listed_in_both_languages_and_printed(run):
    listed = run("examples")
    for example in examples().values():
        assert example.name in listed
        assert set(example.title) == {"en", "zh"}
    assert "王女士因病逾期 47 天" in run("examples --language zh")
    assert run("examples illness") == (ROOT / "examples/illness.json").read_text("utf-8")
    assert run("examples illness.json") == run("examples illness")
    assert "name: waterfall" in run("examples waterfall")


def test_the_list_has_all_that_a_user_needs_of_the_folder_and_the_wheel_has_the_list():
    left_out = {"business_days.py", "founding_article.py", "redefault", "service", "whatif"}
    there = {
        path.name
        for path in (ROOT / "examples").iterdir()
        if path.suffix != ".ipynb" and path.name[0] not in "._"
    }
    names = {example.within.partition("/")[0] for example in examples().values()}
    assert there - left_out == names
    included = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]["force-include"]
    assert {f"examples/{example.within}" for example in examples().values()} == {
        name for name in included if name.startswith("examples/")
    }
    assert all(included[name] == f"restructure/{name}" for name in included if name.startswith("examples/"))


def test_one_example_is_copied_with_what_belongs_to_it(run):
    said = run("examples waterfall --copy here")
    assert "Next: restructure test here/waterfall" in said
    copied = {path.relative_to("here").as_posix() for path in Path("here").rglob("*") if path.is_file()}
    assert copied == {
        "waterfall/policy.yaml", "waterfall/waterfall_test.yaml", "waterfall/waiver.csv", "illness.json",
        "policy.schema.json", "cases.schema.json",
    }  # fmt: skip
    assert " 0 failed" in run("test here/waterfall")
    assert run("examples waterfall --copy here", status=2).count("file-exists:") == 4


def test_all_examples_are_copied_and_their_cases_can_be_run(run, folder):
    run("examples --copy all")
    assert all(schema.is_file() for schema in schemas_named(folder).values())
    for name in ("eu-lender", "residual-income"):
        assert " 0 failed" in run(f"test all/{name}")


@pytest.mark.slow
@pytest.mark.parametrize("name", examples())
def test_the_command_of_every_example_works_on_its_copy(name, run):
    command = re.search(r"Next: restructure (.*)", run(f"examples {name} --copy here"))[1]
    assert run(command)


def test_an_example_is_where_the_list_says():
    assert [example.name for example in examples().values() if not example.path.exists()] == []
    assert examples_folder().name == "examples"
    with chdir(ROOT):
        assert all(
            read_document(example.path).data
            for example in examples().values()
            if example.path.suffix == ".json"
        )
