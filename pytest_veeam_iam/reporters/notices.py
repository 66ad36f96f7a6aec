"""What a run shows at the lines of a pull request, no more than is shown there; it is no form itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pytest_veeam_iam.reporters import problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.evidence import Case, Group, Run
    from pytest_veeam_iam.reporters.problems import Problem

Kind: TypeAlias = Literal["error", "warning"]

_MOST = 10
"""Of each kind: GitHub shows no more of one step."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One note at a line.

    Attributes:
        kind: An error is what the run fails for.
        message: May have lines.
        title: What it is about.
        path: The file, or an empty string if it is about none.
        line: 1-based, or None.
        column: 1-based, or None.
    """

    kind: Kind
    message: str
    title: str
    path: str = ""
    line: int | None = None
    column: int | None = None


def of(run: Run) -> list[Annotation]:
    """Return at most ten annotations of each kind; where there are more, the tenth counts the rest."""
    found = [*_all(run)]
    errors = [each for each in found if each.kind == "error"]
    warnings = [each for each in found if each.kind == "warning"]
    return [*_at_most(errors), *_at_most(warnings)]


def _all(run: Run) -> Iterator[Annotation]:
    listed = problems.of(run)
    yield from (_of_problem(each) for each in listed if each.case is None and each.fails)
    for case in run["reports"]:
        yield from (_of_group(case, group) for group in case["groups"] if not group["ready"])
    findings = [each for each in listed if each.case is not None and each.permission is None]
    yield from (_of_problem(each) for each in findings if each.fails or each.level != "note")


def _of_group(case: Case, group: Group) -> Annotation:
    """Return what a group says; what its test does not fail for is a warning."""
    outcomes = [each["outcome"] for each in case["items"] if each["item"] == group["id"]]
    gaps = [each["action"] for each in group["permissions"] if problems.falls_short(each)]
    waivers = [problems.waiver_of(case, gap) for gap in gaps]
    lines = [group["summary"]]
    if all(waivers):
        lines += dict.fromkeys(problems.waived(each) for each in waivers if each)
    is_error = any(each == "failed" for each in outcomes) or not (outcomes or all(waivers))
    place = case["annotate"]
    title = f"{case['name']}: {group['id']}"
    return Annotation("error" if is_error else "warning", "\n".join(lines), title, place["path"], place["line"])


def _of_problem(problem: Problem) -> Annotation:
    is_error = problem.fails and problem.waiver is None
    lines = [problem.message, *([problems.waived(problem.waiver)] if problem.waiver else [])]
    kind: Kind = "error" if is_error else "warning"
    return Annotation(kind, "\n".join(lines), problem.rule, problem.path, problem.line, problem.column)


def _at_most(found: Sequence[Annotation]) -> list[Annotation]:
    if len(found) <= _MOST:
        return [*found]
    shown = [*found[: _MOST - 1]]
    return [*shown, Annotation(found[0].kind, f"and {len(found) - len(shown)} more in the report", "veeam-iam")]
