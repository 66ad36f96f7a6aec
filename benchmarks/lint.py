"""The rows of the lint: what it takes beside parliament's own analysis, and how it grows with more policies."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.documents import Document, generated, ordinary
from benchmarks.measure import side_by_side
from benchmarks.table import Row, duration, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.report import Finding

SIZES = (10, 100, 1_000)
"""Policies of an account dump, no two of them the same."""


def rows(how_many: int) -> Iterator[Row]:
    """Yield the lint of ordinary documents and a long one against parliament's, and of ever more generated ones."""
    from pytest_veeam_iam.linter import loading

    analyze = loading.parliament().analyze_policy_string
    for document in [*ordinary(), _long()]:
        ours, text = _lint(document), document.text
        pair = side_by_side(ours, partial(analyze, text, ignore_private_auditors=True), rounds=31)
        took = f"{duration(pair.theirs)} parliament"
        yield Row(
            "lint and arbitration", document.name, duration(pair.ours), took, times(pair.ratio), "1.3 x parliament"
        )
    yield from _growth([size for size in SIZES if size <= how_many])


def _long() -> Document:
    """Return what a console's visual editor makes of three services: every action by its name, and some patterns."""
    from pytest_veeam_iam.linter import actions_of

    names = [name for service in ("ec2", "rds", "s3") for name in sorted(actions_of(f"{service}:*"))]
    actions = [*names, *(f"{name[:-2]}*" for name in names[::10])]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return Document(f"{len(actions):,} actions", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _growth(sizes: Sequence[int]) -> Iterator[Row]:
    documents = generated(2 * sizes[0] + sum(sizes[1:]))
    _seconds(islice(documents, sizes[0]))  # the data is read on first use
    first = _seconds(islice(documents, sizes[0]))
    for size in sizes[1:]:
        each = _seconds(islice(documents, size))
        ours, theirs = f"{duration(each)} each", f"{duration(first)} each"
        over = f"{size:,} policies against {sizes[0]}"
        yield Row("all checks, time per policy", over, ours, theirs, times(each / first), "linear: about 1 x")


def _seconds(documents: Iterable[Document]) -> float:
    """Return the seconds that all checks take for each of these policies."""
    from pytest_veeam_iam import checks

    subjects = [_subject(document) for document in documents]
    start = perf_counter()
    for subject in subjects:
        list(checks.findings(subject, lint=True))
    return (perf_counter() - start) / len(subjects)


def _lint(document: Document) -> Callable[[], object]:
    """Return a task that lints a document as if it had never been seen."""
    from pytest_veeam_iam import linter
    from pytest_veeam_iam.checks import parliament

    subject = _subject(document)

    def lint() -> object:
        linter._analysed.cache_clear()
        return list(parliament.check(subject))

    return lint


def _subject(document: Document) -> Subject:
    """Return what the checks get of a document."""
    from pytest_veeam_iam import check_veeam_backup_ready, checks

    subjects: list[Subject] = []
    seen = checks.findings

    def listen(subject: Subject, **_: object) -> Iterator[Finding]:
        subjects.append(subject)
        return iter(())

    checks.findings = listen
    try:
        check_veeam_backup_ready(document.text, **document.target)  # type: ignore[arg-type]
    finally:
        checks.findings = seen
    return subjects[0]
