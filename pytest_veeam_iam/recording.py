"""A report becomes evidence: plain values with hashes, excerpts and repairs, and the run that all of them belong to.

It reads the files again that the policies came from, and is asked only when a report is to be written.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog, linter
from pytest_veeam_iam.errors import PolicyLoadError, VeeamIamError
from pytest_veeam_iam.evidence import SCHEMA
from pytest_veeam_iam.iam.plain import statement_of
from pytest_veeam_iam.repair import repair_if_any
from pytest_veeam_iam.reporters.json import key_of, to_dict
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.extents import end_of, syntax_of
from pytest_veeam_iam.sources.files import absolute
from pytest_veeam_iam.sources.jsonpaths import jsonpaths
from pytest_veeam_iam.sources.terraform.blocks import block_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from pytest_veeam_iam import evidence
    from pytest_veeam_iam.iam.document import Policy, Statement
    from pytest_veeam_iam.iam.tree import TextSource
    from pytest_veeam_iam.report import Edit, Report
    from pytest_veeam_iam.rulepacks import RulePack

PROVISO = (
    "Ready: every permission that the vendor requires is allowed on every resource that it is needed on, for calls "
    "with access keys, over TLS and without MFA.",
    "It does not prove that the policies are attached to the user of the Veeam account: only files were read, AWS was "
    "not contacted.",
    "It does not prove that nothing else forbids a call: what a report lists as not checked was not looked at.",
    "It does not prove that the product calls only what its vendor lists.",
)

_COMMITS = (
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BUILD_SOURCEVERSION",
    "GIT_COMMIT",
    "BITBUCKET_COMMIT",
    "CIRCLE_SHA1",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
)
"""Where GitHub, GitLab, Azure Pipelines, Jenkins, Bitbucket, CircleCI and CodeBuild say what is built."""

_WRITTEN_BY_HAND = ("document", "cloudformation", "terraform")
"""Forms whose files are sources; all others (plans, states, dumps) may hold secrets beside a policy."""

_PLAN = "terraform_plan"
"""The form whose policies stand in the blocks of source files as well."""

_MOST_LINES = 80
"""Lines of a statement that are shown."""

_LONGEST_LINE = 500
"""Characters of a line that are shown."""


@dataclass
class Recorder:
    """Makes evidence of reports; what it read of a file is kept for the next one.

    Args:
        root: What the paths of policies are relative to.
        shown: Returns how the repository calls a path: relative to its root, with ``/``.
    """

    root: Path
    shown: Callable[[str], str]
    _texts: dict[str, TextSource | None] = field(default_factory=dict)
    _digests: dict[str, str | None] = field(default_factory=dict)

    def case(self, report: Report, *, name: str, team_target: str | None = None) -> evidence.Case:
        """Return a report as evidence.

        Args:
            report: What was found out.
            name: As the summary calls it.
            team_target: The target of ``veeam-iam.toml`` that it belongs to.
        """
        return {
            **to_dict(report, self.shown),
            "name": name,
            "team_target": team_target,
            "annotate": self._place(report.policies),
            "policies": [self._policy(policy, layer) for layer, policy in report.in_effect],
            "excerpts": self._excerpts(report),
            "repair": None if report.ready else self._repair(report),
            "items": [],
        }

    def unread(self, error: VeeamIamError, *, name: str, nodeid: str, path: str, outcome: str) -> evidence.Unread:
        """Return what is said of something that could not be checked.

        Args:
            error: Why.
            name: As the summary calls it.
            nodeid: Of the item that fails.
            path: The file to look at, if the error names none.
            outcome: How the item ended.
        """
        place = error if isinstance(error, PolicyLoadError) and not error.path.startswith("<") else None
        return {
            "name": name,
            "nodeid": nodeid,
            "outcome": outcome,
            "message": str(error),
            "path": self.shown(place.path if place else path),
            "line": place.line if place else None,
            "column": place.column if place else None,
        }

    def _place(self, policies: Sequence[Policy]) -> evidence.Place:
        """Return where a pull request shows a report: the first policy, of a plan the block that it was made from."""
        first = policies[0]
        if first.form == _PLAN and first.entity:
            block = block_of(first.entity, absolute(self.root, first.path).parent)
            if block is not None:
                name = Path(os.path.relpath(block.path, self.root)).as_posix()
                return {"path": self.shown(name), "line": block.line}
        return {"path": self.shown(first.path), "line": first.location.line}

    def _repair(self, report: Report) -> evidence.RepairDict:
        repair = repair_if_any(report, root=self.root, shown=self.shown)
        return {
            "ready": repair.ready,
            "diff": repair.diff,
            "statement": repair.statement,
            "statements": [dict(each) for each in repair.statements],
            "remaining": list(repair.remaining),
            "fixes": [fix for edit in repair.edits if (fix := self._fix(edit))],
        }

    def _fix(self, edit: Edit) -> evidence.Fix | None:
        source = self._text(edit.path)
        if source is None:
            return None
        start, end = source.locate(edit.start), source.locate(edit.end)
        return {
            "path": self.shown(edit.path),
            "line": start.line or 1,
            "column": start.column or 1,
            "end_line": end.line or 1,
            "end_column": end.column or 1,
            "text": edit.text,
        }

    def _policy(self, policy: Policy, layer: str) -> evidence.PolicyFile:
        return {
            "path": self.shown(policy.path),
            "line": policy.location.line,
            "entity": policy.entity,
            "form": policy.form,
            "layer": layer,
            "sha256": self._sha256(policy.path),
        }

    def _sha256(self, name: str) -> str | None:
        if name not in self._digests:
            try:
                with (self.root / name).open("rb") as file:
                    self._digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
            except (OSError, ValueError):
                self._digests[name] = None
        return self._digests[name]

    def _text(self, name: str) -> TextSource | None:
        if name not in self._texts:
            try:
                self._texts[name] = files.read_text(self.root / name, name=name, limit=files.NAMED_LIMIT)
            except VeeamIamError:
                self._texts[name] = None
        return self._texts[name]

    def _excerpts(self, report: Report) -> dict[str, evidence.Excerpt]:
        """Return the statements that decided something, by their keys."""
        statements = {
            key_of(statement.location): statement for result in report.results() for statement in result.statements
        }
        owners = {key_of(each.location): policy for _, policy in report.in_effect for each in policy.statements}
        by_path: dict[str, list[tuple[str, Statement]]] = {}
        for key, statement in statements.items():
            by_path.setdefault(statement.location.path, []).append((key, statement))
        found = {
            key: excerpt
            for name, of_file in by_path.items()
            for key, excerpt in self._of_file(name, of_file, owners).items()
        }
        return {key: {**found[key], "path": self.shown(found[key]["path"])} for key in statements}

    def _of_file(
        self, name: str, statements: Sequence[tuple[str, Statement]], owners: Mapping[str, Policy]
    ) -> Mapping[str, evidence.Excerpt]:
        forms = {key: owners[key].form if key in owners else "" for key, _ in statements}
        is_needed = any(form for form in forms.values())
        source = self._text(name) if is_needed else None
        decoded = [each for each in statements if source is None or forms[each[0]] not in _WRITTEN_BY_HAND]
        paths = _paths(source, [statement for _, statement in decoded]) if source else {}
        excerpts: dict[str, evidence.Excerpt] = {}
        for key, statement in statements:
            policy = owners.get(key)
            if source is not None and forms[key] in _WRITTEN_BY_HAND:
                excerpts[key] = _of_source(source, statement)
            else:
                excerpts[key] = _of_statement(statement, policy.entity if policy else None, paths.get(key))
        return excerpts


def _of_source(source: TextSource, statement: Statement) -> evidence.Excerpt:
    text, start = source.text, source.offset_of(statement.location) or 0
    end = end_of(text, start, syntax_of(source.path, text))
    line_start = text.rfind("\n", 0, start) + 1
    begin = start if text[line_start:start].strip(" \t-") else line_start
    return _excerpt(
        statement, dedent(text[begin:end].replace("\r\n", "\n")).split("\n"), first_line=statement.location.line
    )


def _of_statement(statement: Statement, address: str | None, jsonpath: str | None) -> evidence.Excerpt:
    lines = json.dumps(statement_of(statement), indent=2).split("\n")
    return _excerpt(statement, lines, address=address, jsonpath=jsonpath)


def _excerpt(
    statement: Statement,
    lines: Sequence[str],
    *,
    first_line: int | None = None,
    address: str | None = None,
    jsonpath: str | None = None,
) -> evidence.Excerpt:
    place, more = statement.location, len(lines) - _MOST_LINES
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..." for line in lines[:_MOST_LINES]]
    return {
        "path": place.path,
        "line": place.line,
        "sid": statement.sid,
        "first_line": first_line,
        "text": "\n".join([*shown, *([f"... and {more} more lines"] if more > 0 else [])]),
        "address": address,
        "jsonpath": jsonpath,
    }


def _paths(source: TextSource, statements: Iterable[Statement]) -> dict[str, str]:
    """Return the JSONPath of statements of a JSON file, by their keys."""
    if source.text.lstrip()[:1] not in ("{", "["):
        return {}
    offsets = {key_of(each.location): source.offset_of(each.location) or 0 for each in statements}
    found = jsonpaths(source.text, offsets.values())
    return {key: found[offset] for key, offset in offsets.items() if offset in found}


def run(
    cases: Sequence[evidence.Case],
    unread: Sequence[evidence.Unread],
    *,
    packs: Sequence[RulePack],
    as_of: date,
    complete: bool,
    environment: Mapping[str, str],
) -> evidence.Run:
    """Return the report file of a run.

    Args:
        cases: What was found out, in any order: here they stand by name.
        unread: What could not be checked.
        packs: All that was held against it.
        as_of: The day of the run.
        complete: Whether all that was collected ran.
        environment: Its variables may name the commit.
    """
    return {
        "schema": SCHEMA,
        "tool": f"pytest-veeam-iam {version('pytest-veeam-iam')}",
        "data": [*catalog.data_sets(), linter.distribution()],
        "as_of": as_of.isoformat(),
        "complete": complete,
        "commit": next((environment[name] for name in _COMMITS if environment.get(name)), None),
        "pack": ", ".join(f"{pack.id}@{pack.version}" for pack in packs),
        "packs": [_pack(pack) for pack in packs],
        "reports": sorted(cases, key=lambda case: case["name"]),
        "unread": sorted(unread, key=lambda each: (each["path"], each["nodeid"])),
        "proviso": list(PROVISO),
    }


@cache
def _pack(pack: RulePack) -> evidence.Pack:
    page = pack.provenance
    return {
        "id": pack.id,
        "version": pack.version,
        "product": pack.product,
        "page": page.page,
        "page_updated": page.page_updated.isoformat(),
        "build": page.build,
        "retrieved": page.retrieved.isoformat(),
        "last_seen_unchanged": page.last_seen_unchanged.isoformat(),
        "sha256": pack.sha256,
    }
