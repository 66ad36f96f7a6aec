"""A report becomes the smallest addition that makes its policies ready, checked again, and what no addition mends.

``planning`` says what to add and where, ``engine`` proves it, ``change`` applies it to a document.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.repair.change import changed, changed_tree, plain_policy, plain_statement, plain_tree
from pytest_veeam_iam.repair.diff import unified
from pytest_veeam_iam.repair.engine import propose
from pytest_veeam_iam.repair.files import Files
from pytest_veeam_iam.repair.planning import settled
from pytest_veeam_iam.repair.reasons import place_of
from pytest_veeam_iam.report import Edit, Repair
from pytest_veeam_iam.sources.files import in_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from os import PathLike

    from pytest_veeam_iam.repair.change import Change
    from pytest_veeam_iam.repair.engine import Proposal
    from pytest_veeam_iam.repair.files import ChangedFile
    from pytest_veeam_iam.report import Report, Result


def suggest_repair(
    report: Report, *, root: str | PathLike[str] | None = None, shown: Callable[[str], str] | None = None
) -> Repair:
    """Return the smallest change that makes policies ready, and what no added Allow can mend.

    Args:
        report: Of ``check_veeam_backup_ready``.
        root: The directory that the report's relative paths are relative to; the current one if None.
        shown: Returns the path of a file that the diff names it by; as the report names it if None, an absolute one
            relative to its repository.

    Returns:
        The Repair. Whatever it suggests was checked again; ``remaining`` is not empty if that is not enough.

    Raises:
        VeeamIamError: For a report that was not made by a check of this version.
    """
    return repair_of(report, None, root=root, shown=shown)


def repair_of(
    report: Report,
    shortfalls: Iterable[Result] | None,
    *,
    root: str | PathLike[str] | None = None,
    shown: Callable[[str], str] | None = None,
) -> Repair:
    """Return the smallest change that grants some permissions.

    Args:
        report: Which knows the policies.
        shortfalls: Those of its permissions that are to be granted; None for all that makes it not ready.
        root: As in :func:`suggest_repair`.
        shown: As in :func:`suggest_repair`.

    Raises:
        VeeamIamError: For a report that was not made by a check of this version.
    """
    files = Files(report.policies, Path(root) if root else Path.cwd())
    if report.ready:
        return Repair(policy=_document(report, {}, files), ready=True)
    proposal = propose(report, None if shortfalls is None else [result.action for result in shortfalls])
    statements = tuple(_in_words_of_template(plain_statement(each)) for each in proposal.statements)
    of_files = files.changed(settled(report.policies, report), proposal.changes) if proposal.changes else None
    return Repair(
        policy=_document(report, proposal.changes, files),
        diff=_diff(of_files, shown or _as_named) if of_files else None,
        statement=_json_of(statements),
        statements=statements,
        taken_out=tuple(_taken_out(report, proposal)),
        remaining=proposal.remaining,
        unsaid=proposal.unsaid,
        edits=tuple(
            Edit(file.path, each.start, each.end, each.text) for file in of_files or () for each in file.splices
        ),
        ready=proposal.ready,
    )


def repair_if_any(
    report: Report,
    shortfalls: Iterable[Result] | None = None,
    *,
    root: str | PathLike[str] | None = None,
    shown: Callable[[str], str] | None = None,
) -> Repair:
    """Return the repair of what falls short, for a text that says so: whatever goes wrong here is a sentence in it.

    The arguments are those of :func:`repair_of`.
    """
    try:
        return repair_of(report, shortfalls, root=root, shown=shown)
    except Exception as error:  # a defect in what suggests must not hide that the policies fall short
        told = str(error) if isinstance(error, VeeamIamError) else f"{type(error).__name__}: {error}"
        sentence = f"no repair could be worked out ({told})"
        return Repair(remaining=(sentence,), unsaid=(sentence,))


def _diff(changed: Iterable[ChangedFile], shown: Callable[[str], str]) -> str:
    return "".join(
        unified(shown(file.path), mark + file.before, [each.moved(len(mark)) for each in file.splices])
        for file in changed
        for mark in ("\ufeff" if file.has_mark else "",)
    )


def _as_named(name: str) -> str:
    """Return what a diff calls a file: as it is named, an absolute one as its repository has it."""
    return in_repository(Path("/"), name) if Path(name).is_absolute() else posixpath.normpath(name)


def _taken_out(report: Report, proposal: Proposal) -> Iterator[str]:
    """Yield what a change takes out: statements, and entries of statements."""
    for number, change in proposal.changes.items():
        statements = report.policies[number].statements
        for index in sorted(change.removed):
            problem = statements[index].problems[0].message
            yield f"{place_of(statements[index].location, statements[index].sid)}: AWS refuses it: {problem}"
        for index, prunings in change.pruned.items():
            where = place_of(statements[index].location, statements[index].sid)
            for each in prunings:
                entries = statements[index].resources if each.element == "Resource" else statements[index].actions
                texts = ", ".join(f'"{entries[entry].text}"' for entry in sorted(each.entries))
                yield f"{where}: {each.element} {texts}, which AWS refuses"


def _document(report: Report, changes: Mapping[int, Change], files: Files) -> Mapping[str, object] | None:
    """Return the document that is changed most as plain values, its own order and keys as far as they are known.

    Where nothing is changed, it is the first one as it is; None if that is unknown as a whole.
    """
    number = max(changes, key=lambda each: changes[each].extent, default=0)
    policy, change = report.policies[number], changes.get(number)
    tree = policy.tree or policy.written or files.tree(number)
    if tree is None:
        return _in_words_of_template(plain_policy(changed(policy, change) if change else policy))
    plain = plain_tree(changed_tree(tree, change) if change else tree)
    return _in_words_of_template(plain) if isinstance(plain, dict) else None


def _json_of(statements: tuple[Mapping[str, object], ...]) -> str | None:
    """Return statements as JSON: the only one, or a list with one in each line."""
    if not statements:
        return None
    lines = [json.dumps(statement, ensure_ascii=False) for statement in statements]
    return lines[0] if len(lines) == 1 else "[\n  " + ",\n  ".join(lines) + "\n]"


_SYMBOLIC_ARN = re.compile(r"arn:[a-z-]+:s3:::(tf|cfn):([^/\s]+)")


def _in_words_of_template(value: dict[str, object]) -> dict[str, object]:
    """Return plain values in which the ARN of a bucket that a template makes is written as the template writes it."""
    found = _written(value)
    assert isinstance(found, dict)  # noqa: S101 - what went in
    return found


def _written(value: object) -> object:
    match value:
        case dict():
            return {key: _written(member) for key, member in value.items()}
        case list():
            return [_written(item) for item in value]
        case str():
            return _SYMBOLIC_ARN.sub(lambda arn: f"${{{arn[2]}.{'arn' if arn[1] == 'tf' else 'Arn'}}}", value)
    return value
