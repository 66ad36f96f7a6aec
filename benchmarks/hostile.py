"""Hostile documents: how long the slowest permission takes, against the budget of one."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.documents import HOSTILE_SIZE, hostile
from benchmarks.ours import Ours
from benchmarks.table import Row, duration, times
from pytest_veeam_iam.iam import evaluation
from pytest_veeam_iam.iam.context import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.ours import Permission
    from pytest_veeam_iam.iam.authorization import Authorizer

BUDGET = 0.2
"""Seconds that one permission may take on this class of machine."""


def rows() -> Iterator[Row]:
    """Yield the slowest permission of each hostile document, explanation included."""
    for document in hostile():
        ours = Ours(document)
        start = perf_counter()
        authorizer = evaluation.authorizer((ours.policy,))
        compiled = perf_counter() - start
        answers = [_seconds(authorizer, permission) for permission in ours.permissions]
        seconds, decision, action = max(answers)
        what = f"slowest of 45 permissions: {action} is {decision}"
        over = f"{HOSTILE_SIZE // 1024} KB of {document.name}"
        budget = f"{duration(BUDGET)} budget"
        yield Row(what, over, duration(seconds), budget, times(seconds / BUDGET), "at most 1 x")
        total = compiled + sum(seconds for seconds, *_ in answers)
        yield Row("all 45 permissions", over, duration(total), f"45 x {budget}", times(total / BUDGET / len(answers)))


def _seconds(authorizer: Authorizer, permission: Permission) -> tuple[float, str, str]:
    start = perf_counter()
    answer = evaluation.evaluate(authorizer, permission.action, permission.wants, Context.of())
    _ = answer.reason
    return perf_counter() - start, answer.decision.value, permission.action
