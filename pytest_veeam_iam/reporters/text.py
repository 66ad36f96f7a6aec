"""The report as text for a terminal: the first line is the whole summary, the rest needs no tool to be understood."""

from __future__ import annotations

import json
import re
import shlex
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_veeam_iam import linter, printable
from pytest_veeam_iam.iam.evaluation import Decision
from pytest_veeam_iam.report import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_veeam_iam.iam.document import Policy, Token
    from pytest_veeam_iam.report import Finding, GroupReport, Repair, Report, Result

WORDS = {
    Decision.ALLOWED: "granted",
    Decision.CONDITIONAL: "conditional",
    Decision.PARTIAL: "partly missing",
    Decision.PARTLY_DENIED: "partly denied",
    Decision.DENIED: "denied",
    Decision.MISSING: "missing",
    Decision.UNDETERMINED: "cannot tell",
}
BLOCKED = {
    "scp": "a service control policy",
    "boundary": "the permissions boundary",
    "session": "the session policies",
    "resource": "the bucket policy",
}
_FIRST_LINE = 195
_LONGEST_EXPRESSION = 90
_ASSUMED = 3
_DIFF = 60
"""Lines of a diff that a failure shows."""
_ADDABLE = (Decision.MISSING, Decision.PARTIAL)


def explain(report: Report, repair: Repair | None = None) -> str:
    """Return the whole report.

    Args:
        report: What to tell.
        repair: What makes it ready, if somebody worked that out.

    Returns:
        Lines without a trailing line feed: summary, a line per group, every permission that falls short, findings,
        notes if it is ready, and what the answer does not prove.
    """
    lines = [accepted_summary(report), ""]
    lines += [group_line(group) for group in report.groups]
    for group in report.groups:
        lines += ["", *_shortfalls(report, group)] if group.shortfalls else []
    notes = [finding for finding in report.findings if finding.severity is Severity.NOTE]
    lines += _block("findings", (finding_line(finding) for finding in report.findings if finding not in notes))
    lines += _block("notes", map(finding_line, notes)) if report.ready else []
    lines += repair_lines(repair)
    return _joined([*lines, "", *provisos(report)])


def accepted_summary(report: Report) -> str:
    """Return the summary; of a report whose gaps are all waived it says so first."""
    if report.ready or not report.accepted:
        return summary(report)
    return _cut(f"not ready, {len(report.gaps)} waived: {summary(report)}", "")


def waived_summary(report: Report, names: Sequence[str], rest: str = "") -> str:
    """Return until when and by whom gaps are waived, in one line; gaps of one waiver's kind stand together.

    Args:
        report: Whose gaps they are.
        names: Actions or ids of findings, each waived.
        rest: What else there is to say.
    """
    by_kind: dict[str, list[str]] = {}
    for name in names:
        if waiver := report.waiver_of(name):
            by_kind.setdefault(f"waived until {waiver.expires} ({waiver.accepted_by})", []).append(name)
    tail = f"; {rest}" if rest else ""
    return _cut("; ".join(f"{kind}: {', '.join(same)}" for kind, same in by_kind.items()), tail)


def explain_group(report: Report, group: GroupReport, repair: Repair | None = None, *, is_written: bool = False) -> str:
    """Return what one group's item says when it fails; the first line is the summary.

    Args:
        report: The report.
        group: One of its groups.
        repair: What grants what the group lacks, if somebody worked that out.
        is_written: Whether the target stands in a file, so that a hint names a key of it and no flag for all targets.
    """
    expired = expired_note(report, [result.action for result in group.shortfalls])
    lines = [group_summary(report, group) + expired, ""]
    lines += _shortfalls(report, group)
    lines += repair_lines(repair)
    hint = profile_hint(report, group, is_written=is_written)
    return _joined([*lines, *(["", f"  {hint}"] if hint else [])])


def expired_note(report: Report, names: Sequence[str]) -> str:
    """Return that the waiver of one of some gaps has expired, to follow a summary, or an empty string."""
    expired = [
        waiver for name in names if (waiver := report.written_waiver_of(name)) and waiver.days_left(report.as_of) < 0
    ]
    if not expired:
        return ""
    more = f" and {len(expired) - 1} more" if len(expired) > 1 else ""
    return f"; the waiver of {expired[0].waives}{more} expired on {expired[0].expires} ({expired[0].place})"


def explain_findings(findings: Sequence[Finding], expired: str = "") -> str:
    """Return what the lint item says when it fails; the first line is the summary.

    Args:
        findings: Those that count, at least one.
        expired: What ``expired_note`` says of them.
    """
    place = f" ({findings[0].location})" if findings[0].location else ""
    more = (f" and {len(findings) - 1} more" if len(findings) > 1 else "") + expired
    summary = _cut(findings[0].message, f"{place}{more}")
    return _joined([summary, "", *(f"  {finding_line(finding)}" for finding in findings)])


def summary(report: Report) -> str:
    """Return the one line that says it all, names first, under 200 characters."""
    if report.shortfalls and all(result.unknowns for result in report.shortfalls):
        return group_summary(report, next(group for group in report.groups if group.shortfalls))
    if report.shortfalls:
        return shortfall_summary(report, report.shortfalls, sum(len(group.required) for group in report.groups))
    if report.blocking_findings:
        first = report.blocking_findings[0]
        place = f" ({first.location})" if first.location else ""
        return _cut(f"not ready: {first.message}", place)
    return f"ready for {report.rule_pack.ref} ({report.place})"


def group_summary(report: Report, group: GroupReport) -> str:
    """Return the one line about a group that falls short: the names, or what it is that nobody knows."""
    if not group.is_unresolved:
        return shortfall_summary(report, group.shortfalls, len(group.required))
    unknowns = {token.expression: token for result in group.shortfalls for token in result.unknowns}
    first, *more = unknowns.values()
    named = _cut(str(first), "", _LONGEST_EXPRESSION)
    unknown = f"{named} and {len(more)} more are unknown" if more else f"{named} is unknown"
    what = f"cannot tell {len(group.shortfalls)} of {len(group.required)}: {unknown}"
    return _cut(what, f" ({first.location.path}:{first.location.line}), {report.place}")


def shortfall_summary(report: Report, shortfalls: Sequence[Result], of: int) -> str:
    """Return names and words, as many as fit, then how many of how many, and where."""
    tail = f" ({len(shortfalls)} of {of}, {report.place})"
    names: list[str] = []
    for index, result in enumerate(shortfalls):
        name = f"{result.action} {WORDS[result.decision]}"
        rest = f" and {len(shortfalls) - index - 1} more"
        if names and len(", ".join([*names, name])) + len(rest) + len(tail) > _FIRST_LINE:
            return printable.line(f"{', '.join(names)} and {len(shortfalls) - index} more{tail}")
        names.append(name)
    return printable.line(", ".join(names) + tail)


def group_line(group: GroupReport) -> str:
    """Return how many of a group's permissions are granted."""
    granted = len(group.required) - len(group.shortfalls)
    return f"  {group.id}: {granted} of {len(group.required)} granted"


def finding_line(finding: Finding) -> str:
    """Return a finding in one line, place first."""
    place = f"{finding.location}: " if finding.location else ""
    help_ = f" -> {finding.help}" if finding.help else ""
    return printable.line(f"{place}{finding.severity}: {finding.message}{help_} [{finding.id}]")


def raw_lines(policies: Iterable[Policy]) -> list[str]:
    """Return what the linter says of policies by itself, one line each, before anything is weighed."""
    return [
        f"{raw.location}: {raw.severity} {raw.issue}: {raw.title}{f': {raw.detail}' if raw.detail else ''} [raw]"
        for policy in policies
        for raw in linter.lint(policy).findings
    ]


def provisos(report: Report) -> list[str]:
    """Return what the answer rests on and does not prove."""
    lines = []
    inferred = [name for name, parameter in report.parameters.items() if parameter.origin == "inferred"]
    if inferred:
        values = ", ".join(f"{name} {report.parameters[name].value}" for name in inferred)
        lines.append(f"Inferred: {values}; name it to catch a typo.")
    if report.assumed:
        lines.append(f"Assumed: {assumed(report)}.")
    not_given = f"Not given: {', '.join(report.not_given)}. " if report.not_given else ""
    lines.append(f"{not_given}Not modelled: {', '.join(report.not_modelled)}. AWS was not contacted.")
    return lines


def assumed(report: Report) -> str:
    """Return what was assumed to read the policies, in one line; empty if nothing was."""
    more = f" and {len(report.assumed) - _ASSUMED} more" if len(report.assumed) > _ASSUMED else ""
    return "; ".join(report.assumed[:_ASSUMED]) + more


def profile_hint(report: Report, group: GroupReport, *, is_written: bool = False) -> str:
    """Return which profile leaves a group out that is not granted at all, or an empty string."""
    if any(result.granted for result in group.required):
        return ""
    others = {each.id for each in report.groups} - {group.id}
    for profile in report.rule_pack.profiles:
        if set(profile.groups) == others and not profile.without:
            what = f'profile = "{profile.id}"' if is_written else f"--veeam-iam-profile={profile.id}"
            return f"No {group.id.replace('-', ' ')}? {what} ({profile.confidence}: {profile.why})"
    return ""


def repair_lines(repair: Repair | None) -> list[str]:
    """Return what to change, as a diff or as statements to paste, and what that does not mend; empty for nothing.

    Args:
        repair: Of what falls short, None if nobody worked it out.
    """
    if repair is None:
        return []
    lines: list[str] = []
    if repair.diff:
        lines += _block("to fix:", _shortened(repair.diff.split("\n")[:-1]))
    else:
        lines += _block("to fix, take out:", repair.taken_out)
        written = (json.dumps(statement, ensure_ascii=False) for statement in repair.statements)
        lines += _block("to fix, add:", written)
    return lines + _block("not mended by an addition:", repair.remaining if lines else repair.unsaid)


def _shortened(diff: Sequence[str]) -> list[str]:
    lines = [printable.line(line.removesuffix("\r").removesuffix("\t"), keep="\t") for line in diff]
    if len(lines) <= _DIFF:
        return lines
    return [*lines[:_DIFF], f"... and {len(lines) - _DIFF} more lines: --veeam-iam-report=fix.diff writes them all"]


def _shortfalls(report: Report, group: GroupReport) -> Iterator[str]:
    """Yield the permissions that fall short; those that fall short for the same reason share its lines."""
    width = max(len(result.action) for result in group.shortfalls)
    for details, results in groupby(group.shortfalls, key=lambda result: tuple(_details(result))):
        same = list(results)
        for result in same:
            waiver = report.waiver_of(result.action)
            waived = f", waived until {waiver.expires} ({waiver.accepted_by}): {waiver.reason}" if waiver else ""
            yield f"  {result.action:{width}}  {WORDS[result.decision]}{waived}"
        yield from (f"      {line}" for line in (*details, *_listed(report, group, same)))


def _details(result: Result) -> Iterator[str]:
    example = (
        f"      (for example {result.witness})" if result.witness and result.witness not in result.resources else ""
    )
    yield f"on       {', '.join(result.resources)}{example}"
    if result.evaluation.blocked_by:
        yield f"blocked  by {BLOCKED[result.evaluation.blocked_by]}"
    if result.misnamed:
        yield f"meant?   {result.misnamed}"
    yield from _causes(result)
    for condition in result.evaluation.conditions:
        yield f"only if  {condition}"
    for unknown in result.unknowns:
        yield f"bind     {how_to_bind(unknown)}"
    for declaration in result.evaluation.explanation.declarations:
        yield f"declare  {declaration}   (if every call of the product is like that)"


def how_to_bind(unknown: Token) -> str:
    """Return how to say what an unknown value is."""
    expression = unknown.expression
    if unknown.symbol:
        return f"--veeam-iam-bucket={unknown.symbol}, if that is the bucket to back up to"
    if expression.endswith(("AccountId", ".account_id")):
        return "--veeam-iam-account=DIGITS"
    if expression.endswith("::Region") or expression.startswith("data.aws_region."):
        return "--veeam-iam-region=REGION"
    if _ELSEWHERE.match(expression):
        return f"{expression} is not in the file: check a plan or an account dump, which hold it"
    if _MACRO.match(expression):
        return "check what it makes: aws cloudformation get-template --template-stage Processed --query TemplateBody"
    if _IN_PLAN.search(expression):
        return (
            f"check the .tf files, which a plan does not show, or what is there after the apply; or bind {expression}"
        )
    names = names_to_bind(expression)
    if not names:
        return "what it is made of, or check what is made of it: a plan or an account dump"
    flags = " ".join(f"--veeam-iam-bind={shlex.quote(f'{name}=VALUE')}" for name in names)
    return flags if names == (expression,) else f"{flags}, or check a plan, which holds what is made of it"


def names_to_bind(expression: str) -> tuple[str, ...]:
    """Return the expression itself if it can be given a value, else the names in it that can, if it shows any."""
    if _NAME.fullmatch(expression):
        return (expression,)
    return tuple(dict.fromkeys(_NAME_WITHIN.findall(expression)))


_ELSEWHERE = re.compile(r"arn:|group[ /]")
"""What somebody has and the file only names: no value of it can be bound."""

_MACRO = re.compile(r"macro |Fn::Transform")
"""What only CloudFormation can do: it has no value, either."""

_IN_PLAN = re.compile(r"\bdata\.aws_iam_policy_document\.[^ ]+\.statement\[\d+\]")
"""What a plan leaves out of a document that is made during the apply."""

_NAME = re.compile(r"""[\w.:/-]+(\[["\w.*-]+\][\w.]*)*|Fn::ImportValue:.+""")
_NAME_WITHIN = re.compile(r"""\b(?:var|local|data|module)\.[\w.-]+(?:\[["\w.-]+\][\w.-]*)*""")
"""A call, a condition or a template has no name; what it is made of has."""


def _causes(result: Result) -> Iterator[str]:
    label = "nearest" if result.decision in _ADDABLE else "by     "
    for cause in result.evaluation.causes:
        sid = f' "{cause.statement.sid}"' if cause.statement.sid else ""
        place = cause.statement.location
        line = f":{place.line}" if place.line else ""
        yield f"{label}  {place.path}{line}{sid} {cause.words}"
    if not result.evaluation.causes:
        yield f"reason   {result.reason}"


def _listed(report: Report, group: GroupReport, results: Sequence[Result]) -> Iterator[str]:
    page = f'listed   vendor page of {report.rule_pack.provenance.page_updated}, "{group.heading}"'
    if len(results) > 1:
        yield page
        return
    requirement = results[0].requirement
    source = " (inferred)" if requirement.why_inferred else ""
    yield f"{page}; why{source}: {requirement.why}" if requirement.why else page
    if requirement.scope_inferred:
        yield "scope    inferred: the page does not say on which resources"


def _block(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"      {line}" for line in lines]
    return ["", f"  {title}", *found] if found else []


def _cut(text: str, tail: str, most: int = _FIRST_LINE) -> str:
    room, text, tail = most - len(tail), printable.line(text), printable.line(tail)
    return (text if len(text) <= room else f"{text[: room - 3]}...") + tail


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(printable.line(line, keep="\t") for line in lines)


def verdict_word(report: Report) -> str:
    """Return ready or not ready, with the cause in a few words."""
    if report.ready:
        return f"ready ({report.place})"
    errors = sum(finding.severity is Severity.ERROR for finding in report.blocking_findings)
    causes = [f"{len(report.shortfalls)} not granted"] if report.shortfalls else []
    causes += [f"{errors} {'error' if errors == 1 else 'errors'}"] if errors else []
    warnings = len(report.blocking_findings) - errors
    causes += [f"{warnings} {'warning' if warnings == 1 else 'warnings'}"] if warnings else []
    return f"not ready: {', '.join(causes)}"
