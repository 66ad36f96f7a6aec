"""What a run found out, as plain values: the JSON report, from which every other form of a report is made.

It says what is in it and decides nothing. Values are strings, numbers, booleans, lists, mappings and None, so that they
travel between the processes of a run. Paths are those of the repository, with ``/``; nothing holds the time of day.
"""

from __future__ import annotations

from typing import Literal, TypedDict

SCHEMA = 1
"""Of the JSON report; raised when a key changes its meaning. Keys may be added within one schema."""


class Place(TypedDict):
    """Where to look: a file, and the 1-based line in it, if there is one."""

    path: str
    line: int | None


class StatementPlace(TypedDict):
    """A statement that decided a permission, or came nearest.

    ``words`` says what it does there, ``key`` is that of its excerpt.
    """

    path: str
    line: int | None
    sid: str | None
    words: str
    key: str


class UnknownValue(TypedDict):
    """A value that a template leaves open, where it is used, and how to say what it is."""

    expression: str
    path: str
    line: int | None
    bind: str


class Permission(TypedDict):
    """One requirement, answered.

    ``decision`` is the word of the API, ``word`` that of messages. ``inferred``: no page says on which resources;
    ``why_inferred``: no page says why. ``assumed``: values were assumed to read the policies. ``blocked_by``: the layer
    that stops it. ``conditions`` is what a conditional answer depends on, ``declare`` how to say that it is so.
    """

    action: str
    resources: list[str]
    level: Literal["required", "recommended"]
    decision: str
    word: str
    witness: str | None
    reason: str
    inferred: bool
    assumed: bool
    waived: bool
    why: str
    why_inferred: bool
    note: str
    misnamed: str
    blocked_by: str | None
    conditions: list[str]
    declare: list[str]
    unknowns: list[UnknownValue]
    statements: list[StatementPlace]


class Group(TypedDict):
    """One group of permissions; ``summary`` is the line of a failure, empty if it is ready."""

    id: str
    title: str
    heading: str
    ready: bool
    summary: str
    permissions: list[Permission]


class Finding(TypedDict):
    """One thing to fix. ``item``: the test that tells it; ``counts``: whether it makes the policy not ready."""

    id: str
    severity: Literal["error", "warning", "note"]
    message: str
    path: str | None
    line: int | None
    column: int | None
    help: str
    item: str
    counts: bool
    waived: bool


class Waiver(TypedDict):
    """An accepted gap; ``days_left`` is 0 on its last day and less when it has expired."""

    permission: str | None
    finding: str | None
    reason: str
    accepted_by: str
    expires: str
    expired: bool
    days_left: int
    place: str


class Parameter(TypedDict):
    """One value of the target."""

    value: str | list[str] | None
    origin: Literal["given", "inferred", "any"]


class ReportDict(TypedDict):
    """A report: the policies of one principal, held against one target. ``summary`` is its first line."""

    schema: int
    ready: bool
    accepted: bool
    summary: str
    pack: str
    profile: str | None
    place: str
    fail_on: str
    target: dict[str, Parameter]
    groups: list[Group]
    findings: list[Finding]
    not_given: list[str]
    not_checked: list[str]
    assumed: list[str]
    inferred: list[str]
    waivers: list[Waiver]


class PolicyFile(TypedDict):
    """A policy that had a say.

    ``layer``: identity, boundary, scp, session or resource. ``entity``: what it belongs to in its file. ``sha256``: of
    the file's bytes, None if it is no file.
    """

    path: str
    line: int | None
    entity: str | None
    form: str
    layer: str
    sha256: str | None


class Excerpt(TypedDict):
    """The text of a statement.

    ``first_line``: of the text in its file; None if the text is the decoded statement and not the file's own: then
    ``address`` and ``jsonpath`` say where it stands.
    """

    path: str
    line: int | None
    sid: str | None
    first_line: int | None
    text: str
    address: str | None
    jsonpath: str | None


class Fix(TypedDict):
    """A change of a file: replace what stands from line and column to line and column (1-based, end exclusive)."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class RepairDict(TypedDict):
    """What to change. ``statement``: what to paste where there is no diff. ``remaining``: what no addition mends."""

    ready: bool
    diff: str | None
    statement: str | None
    statements: list[dict[str, object]]
    remaining: list[str]
    fixes: list[Fix]


class Item(TypedDict):
    """A test of the run: its node id, which part it told, and how it ended."""

    nodeid: str
    item: str
    outcome: str


class Case(ReportDict):
    """A report of a run, with what an auditor asks for.

    ``name``: as the summary calls it. ``team_target``: the target of veeam-iam.toml, or None. ``annotate``: where a
    pull request shows it. ``excerpts``: by the key of a statement. ``repair``: None if it is ready.
    """

    name: str
    team_target: str | None
    annotate: Place
    policies: list[PolicyFile]
    excerpts: dict[str, Excerpt]
    repair: RepairDict | None
    items: list[Item]


class Unread(TypedDict):
    """What could not be checked, and why; ``outcome`` is ``skipped`` where that was allowed."""

    name: str
    nodeid: str
    outcome: str
    message: str
    path: str
    line: int | None
    column: int | None


class Pack(TypedDict):
    """A rule pack that was used, and where it comes from; dates are ISO dates, ``sha256`` is of its file."""

    id: str
    version: str
    product: str
    page: str
    page_updated: str
    build: str
    retrieved: str
    last_seen_unchanged: str
    sha256: str | None


class Run(TypedDict):
    """The report file of a run.

    ``tool``: name and version. ``data``: what else the answers rest on, with versions. ``as_of``: the day of the run.
    ``complete``: whether every test of a policy ran. ``commit``: from the variables of the CI, or None. ``pack``: the
    packs, in one line. ``reports``: in the order of the run. ``proviso``: what ready does not prove, a sentence each.
    """

    schema: int
    tool: str
    data: list[str]
    as_of: str
    complete: bool
    commit: str | None
    pack: str
    packs: list[Pack]
    reports: list[Case]
    unread: list[Unread]
    proviso: list[str]
