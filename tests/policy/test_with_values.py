"""Another value of a parameter is checked wherever it is used, as when the policy is loaded."""

import pickle

import pytest

from restructure import InvalidPolicy, decide, load_policy


@pytest.fixture(scope="module")
def policy():
    return load_policy("cn-consumer-finance")


def test_a_number_that_no_measure_could_take_is_a_fault_of_the_policy_and_no_refusal(policy):
    with pytest.raises(InvalidPolicy) as refused:
        policy.with_values(illness_extension=5000)
    assert {issue.code for issue in refused.value.issues} == {"value-invalid"}
    assert all("5000 is too large" in issue.message and issue.line for issue in refused.value.issues)


def test_every_wrong_value_is_reported_at_once(policy):
    with pytest.raises(InvalidPolicy) as refused:
        policy.with_values(illness_extension="many", illnes_extension=3)
    assert sorted(issue.code for issue in refused.value.issues) == ["parameter-unknown", "value-kind"]


def test_a_value_inside_the_ranges_changes_that_parameter_and_nothing_else(policy):
    changed = policy.with_values(illness_extension=7)
    assert changed.parameters["illness_extension"].values[0].value == 7
    assert changed.model_copy(update={"parameters": policy.parameters}) == policy
    assert policy.parameters["illness_extension"].values[0].value != 7


@pytest.mark.parametrize(
    "made",
    [
        lambda policy: policy.in_currency("CNY"),
        lambda policy: pickle.loads(pickle.dumps(policy)),
        lambda policy: policy.with_values(illness_extension=7),
        lambda policy: policy.model_copy(),
    ],
    ids=["in its currency", "pickled", "changed before", "copied"],
)
def test_a_policy_made_from_a_loaded_one_is_checked_too(policy, made):
    with pytest.raises(InvalidPolicy, match="5000 is too large"):
        made(policy).with_values(illness_extension=5000)


def test_what_reads_a_policy_again_is_no_part_of_its_content(policy):
    again = load_policy("cn-consumer-finance")
    assert again == policy
    assert again.at("2026-03-18").digest == policy.at("2026-03-18").digest
    assert "read_again" not in policy.model_dump_json()


def test_a_policy_with_another_value_decides_and_records_another_digest(policy):
    changed = policy.with_values(illness_extension=7)
    usual, other = (decide("examples/illness.json", which, on="2026-03-18") for which in (policy, changed))
    assert usual.policy.digest != other.policy.digest
    terms = [d.offer_by("illness-relief").prospect.term_after for d in (usual, other)]
    assert terms[1] == terms[0] + 1
