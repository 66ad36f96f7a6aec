"""What a check found out, for every reader: coverage of each requirement, findings, and what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.iam.evaluation import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.document import Location, Policy, Statement, Token
    from pytest_veeam_iam.iam.evaluation import Evaluation
    from pytest_veeam_iam.rulepacks import Requirement, RulePack
    from pytest_veeam_iam.waivers import Waiver


class Severity(StrEnum):
    """How grave a finding is.

    ``error``: AWS refuses the document, or the answer cannot be trusted. ``warning``: AWS accepts it, probably nobody
    meant it. ``note``: good to know.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to fix.

    Attributes:
        id: The name of the check that found it.
        severity: How grave it is.
        message: One line.
        location: Where to look, or None if it is about no place.
        help: What to do, may be empty.
    """

    id: str
    severity: Severity
    message: str
    location: Location | None = None
    help: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of the target and where it comes from: given, inferred from the policies, or any."""

    value: str | tuple[str, ...] | None
    origin: Literal["given", "inferred", "any"]


@dataclass(frozen=True)
class Result:
    """One requirement, answered.

    Attributes:
        requirement: What is needed and why.
        evaluation: The answer of the policies.
        misnamed: A sentence if the policies name an API operation where they mean this action, else empty.
    """

    requirement: Requirement
    evaluation: Evaluation
    misnamed: str = ""

    @property
    def action(self) -> str:
        """For example ``s3:GetObject``."""
        return self.requirement.action

    @property
    def decision(self) -> Decision:
        """The answer; only ``allowed`` is covered."""
        return self.evaluation.decision

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources it was asked for."""
        return self.evaluation.resources

    @property
    def level(self) -> str:
        """``required`` or ``recommended``."""
        return self.requirement.level

    @property
    def granted(self) -> bool:
        """Whether it is allowed on all of its resources."""
        return self.decision is Decision.ALLOWED

    @property
    def witness(self) -> str | None:
        """A resource for which it fails, or None."""
        return self.evaluation.witness

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that decided it, or came nearest."""
        return self.evaluation.statements

    @property
    def unknowns(self) -> tuple[Token, ...]:
        """The values that templates leave open and that an undetermined answer hangs on."""
        return self.evaluation.unknowns if self.decision is Decision.UNDETERMINED else ()

    @property
    def reason(self) -> str:
        """One sentence that says why."""
        return self.evaluation.reason


@dataclass(frozen=True)
class GroupReport:
    """The requirements of one group, answered.

    Attributes:
        id: As in the rule pack.
        title: As in the rule pack.
        results: The required permissions and then the recommended ones, in the order of the pack.
    """

    id: str
    title: str
    heading: str
    results: tuple[Result, ...]

    @property
    def required(self) -> tuple[Result, ...]:
        """The results that decide."""
        return tuple(result for result in self.results if result.level == "required")

    @property
    def shortfalls(self) -> tuple[Result, ...]:
        """The required permissions that are not granted."""
        return tuple(result for result in self.required if not result.granted)

    @property
    def is_unresolved(self) -> bool:
        """Whether it falls short, and only because templates leave values open."""
        return bool(self.shortfalls) and all(result.unknowns for result in self.shortfalls)

    @property
    def ready(self) -> bool:
        """Whether every required permission is granted."""
        return not self.shortfalls


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file's text.

    Attributes:
        path: The file, as its policy names it.
        start: 0-based offset of the first character that is replaced, in the text without byte order mark.
        end: Offset behind the last one; the same as ``start`` if text is only added.
        text: What stands there instead.
    """

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Repair:
    """The smallest change that makes policies ready, checked again, and what no added Allow can mend.

    Attributes:
        policy: The changed document as plain values, to be written as JSON; as it was where nothing can be added, None
            where it is unknown as a whole.
        diff: The change of its file as a unified diff with ``a/`` and ``b/`` prefixes, None where none can be made.
        statement: What to paste where there is no diff: JSON text of the statements that grant what is missing, as the
            template would write them; None if nothing can be added.
        statements: The same as plain values.
        taken_out: What the change takes out because AWS refuses the document for it, a sentence each.
        remaining: What it cannot mend, a sentence each: a Deny, a condition, a boundary, an SCP, and where to look.
        unsaid: Those sentences of ``remaining`` that the report's own text does not say.
        edits: The diff as changes of the text, in the order of the file.
        ready: Whether the changed policy was found ready.
    """

    policy: Mapping[str, object] | None = None
    diff: str | None = None
    statement: str | None = None
    statements: tuple[Mapping[str, object], ...] = ()
    taken_out: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    ready: bool = False


@dataclass(frozen=True)
class Report:
    """The answer for one principal's policies and one target.

    Attributes:
        rule_pack: What was required.
        profile: The profile, or None if groups were chosen one by one.
        parameters: The target: parameter -> value and origin.
        groups: The groups that were selected.
        findings: What else there is to fix, by place.
        not_given: The layers that were not given.
        not_modelled: What no report of this version looks at.
        sources: The policies' files, as they were named.
        place: The bucket or buckets, in words.
        fail_on: The severity from which findings count.
        assumed: What was assumed to read the policies, in words.
        waivers: Those of the target, in force or not; they never change whether it is ready.
        as_of: The day on which they are looked at.
        in_effect: Every policy that had a say, as it was read, each with its layer: identity, boundary, scp, session or
            resource.
        check_again: Returns the report of other identity policies for the same target, all else being the same; None
            if nobody can tell.
        check_anew: The same, but what was inferred of the target is inferred again from them.
    """

    rule_pack: RulePack
    profile: str | None
    parameters: Mapping[str, Parameter]
    groups: tuple[GroupReport, ...]
    findings: tuple[Finding, ...]
    not_given: tuple[str, ...]
    not_modelled: tuple[str, ...]
    sources: tuple[str, ...]
    place: str
    fail_on: Severity = Severity.ERROR
    assumed: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    as_of: date = date.min
    in_effect: tuple[tuple[str, Policy], ...] = ()
    check_again: Callable[[Sequence[Policy]], Report] | None = field(default=None, repr=False, compare=False)
    check_anew: Callable[[Sequence[Policy]], Report] | None = field(default=None, repr=False, compare=False)

    @property
    def ready(self) -> bool:
        """Whether every required permission is granted and no finding counts."""
        return all(group.ready for group in self.groups) and not self.blocking_findings

    @property
    def blocking_findings(self) -> tuple[Finding, ...]:
        """The findings that make it not ready."""
        blocking = {Severity.ERROR} if self.fail_on is Severity.ERROR else {Severity.ERROR, Severity.WARNING}
        return tuple(finding for finding in self.findings if finding.severity in blocking)

    @property
    def accepted(self) -> bool:
        """Whether it is ready, or all that it lacks is waived."""
        return all(self.waiver_of(name) for name in self.gaps)

    @property
    def gaps(self) -> tuple[str, ...]:
        """All that makes it not ready: actions that are not granted, and ids of findings that count."""
        names = [result.action for result in self.shortfalls] + [each.id for each in self.blocking_findings]
        return tuple(dict.fromkeys(names))

    def waiver_of(self, name: str) -> Waiver | None:
        """Return the waiver in force of an action or of a finding's id, or None."""
        waiver = self.written_waiver_of(name)
        return waiver if waiver and waiver.days_left(self.as_of) >= 0 else None

    def written_waiver_of(self, name: str) -> Waiver | None:
        """Return the waiver of an action or of a finding's id, whether or not it is in force."""
        return next((waiver for waiver in self.waivers if waiver.waives == name), None)

    @property
    def not_checked(self) -> tuple[str, ...]:
        """Layers that were not given, and things that are not modelled: what ready does not prove."""
        return (*(f"{layer} (not given)" for layer in self.not_given), *self.not_modelled)

    @property
    def pack(self) -> str:
        """The rule pack and its version, for example ``vb365-s3@8.3``."""
        return f"{self.rule_pack.id}@{self.rule_pack.version}"

    @property
    def target(self) -> dict[str, object]:
        """Parameter -> value."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    @cached_property
    def shortfalls(self) -> tuple[Result, ...]:
        """Every required permission that is not granted."""
        return tuple(result for group in self.groups for result in group.shortfalls)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The identity policies, as they were read."""
        return tuple(policy for layer, policy in self.in_effect if layer == "identity")

    def results(self) -> Iterator[Result]:
        """Yield the results of all groups."""
        for group in self.groups:
            yield from group.results

    def group(self, group_id: str) -> GroupReport:
        """Return one of the groups; raises KeyError for one that was not selected."""
        for group in self.groups:
            if group.id == group_id:
                return group
        raise KeyError(group_id)

    def explain(self) -> str:
        """Return the report as text, with what makes it ready; the first line is the whole summary."""
        from pytest_veeam_iam.repair import repair_if_any
        from pytest_veeam_iam.reporters.text import explain

        return explain(self, repair_if_any(self))

    def to_dict(self) -> dict[str, object]:
        """Return the report as the JSON report's mapping."""
        from pytest_veeam_iam.reporters.json import to_dict

        return dict(to_dict(self))

    def __bool__(self) -> bool:
        return self.ready

    def __repr__(self) -> str:
        from pytest_veeam_iam.reporters.text import accepted_summary

        return f"<Report {self.pack} {'ready' if self.ready else 'not ready'}: {accepted_summary(self)}>"


class VeeamNotReady(VeeamIamError, AssertionError):  # noqa: N818 - the public name says what it asserts
    """The policy falls short: the first line of the text is the whole summary.

    Attributes:
        report: The Report that the text was written from.
    """

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        self.report = report

    def __reduce__(self) -> tuple[object, ...]:
        return VeeamNotReady, (str(self), self.report)
