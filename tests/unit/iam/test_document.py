"""The model of a policy: what it tells about itself without knowing what its elements mean."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_veeam_iam.iam.document import Effect, Entry, Location, Policy, Problem, Statement

HERE = Location("p.json", 1, 1)


def statement(*elements: str) -> Statement:
    problems = tuple(Problem(f"{element} is wrong", HERE, element) for element in elements)
    return Statement(Effect.ALLOW, (), (), HERE, problems=problems)


@pytest.mark.parametrize(
    ("elements", "refused"),
    [
        ((), False),
        (("Condition",), False),
        (("Action",), True),
        (("Condition", "NotResource"), True),
        (("Sidd",), True),
    ],
)
def test_a_statement_is_refused_for_anything_but_an_operator(elements: tuple[str, ...], refused: bool) -> None:
    assert statement(*elements).is_refused is refused


@pytest.mark.parametrize(
    ("version", "has_variables"), [("2012-10-17", True), ("2008-10-17", False), (None, False), ("2025-01-01", False)]
)
def test_variables_came_with_the_version_of_2012(version: str | None, has_variables: bool) -> None:
    assert Policy((), HERE, version).has_variables is has_variables


def test_a_policy_lists_its_own_problems_and_then_those_of_its_statements() -> None:
    own = Problem("Version is wrong", HERE, "Version")
    policy = Policy((statement("Action"), statement("Resource", "Sid")), HERE, problems=(own,))
    assert [problem.element for problem in policy.all_problems] == ["Version", "Action", "Resource", "Sid"]


def test_a_policy_is_called_by_its_file() -> None:
    assert Policy((), HERE).path == "p.json"
    assert Policy((), HERE).entity is None


def test_effects_are_written_as_aws_writes_them() -> None:
    assert [str(effect) for effect in Effect] == ["Allow", "Deny"]


@pytest.mark.parametrize("model", [statement(), Policy((), HERE), Entry("a", HERE), Problem("a", HERE, "b")])
def test_the_model_is_frozen(model: Statement | Policy | Entry | Problem) -> None:
    first = dataclasses.fields(model)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(model, first, None)
    assert not hasattr(model, "__dict__")


def test_two_statements_of_the_same_words_are_two() -> None:
    assert statement() != statement()
    assert Policy((), HERE) != Policy((), HERE)
    assert len({statement(), statement()}) == 2
    assert Entry("a", HERE) == Entry("a", HERE)
