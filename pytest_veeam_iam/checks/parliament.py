"""What parliament finds, weighed: each of its findings is kept, or becomes a note that says why it is wrong here.

What one of our own checks says of the same place is not said twice. ``raw`` has the whole list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam import catalog, linter
from pytest_veeam_iam.iam import condition_words
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import can_meet, is_short_arn, resource_glob, wanted
from pytest_veeam_iam.iam.operators import form_of
from pytest_veeam_iam.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_veeam_iam.checks import Subject
    from pytest_veeam_iam.iam.document import Condition, Policy, Statement
    from pytest_veeam_iam.linter import Raw
    from pytest_veeam_iam.rulepacks import RulePack

ITEM = "lint"
ESSENTIAL = False

_NAMED = 3
"""Actions that a message names before it counts the others."""

_ERRORS = frozenset({"EXCEPTION", "INVALID_ARN", "INVALID_SID", "INVALID_VERSION", "MALFORMED", "MALFORMED_JSON"}) | {
    "UNKNOWN_OPERATOR",
    "UNKNOWN_PRINCIPAL",
}
"""What AWS refuses, if parliament is right, and what leaves the document unchecked."""

_NOTES = frozenset({"MISMATCHED_TYPE_BUT_USABLE", "NO_VERSION", "OLD_VERSION"})
"""What AWS accepts, and takes as it was meant."""

_SAID = "said by another check"
_MISREAD = "parliament takes NotAction for Action and NotResource for Resource"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield what parliament finds, grouped: one finding for each issue, place and reason."""
    for policy in dict.fromkeys(subject.documents):
        linted = linter.lint(policy)
        for failure in linted.failures:
            message = f"lint could not run: {failure.reason}"
            yield Finding("parliament", Severity.ERROR, message, failure.location, "the other checks ran")
        if linted.skipped:
            help_ = "it grants nothing; check the policies that are attached to the role"
            yield Finding("parliament", Severity.NOTE, f"not linted: {linted.skipped}", policy.location, help_)
        for case in _grouped(linted.findings):
            yield from _weighed(case, policy, subject)


def _grouped(findings: Sequence[Raw]) -> Iterator[Raw]:
    """Yield the findings, those that differ in their actions or details only as one."""
    groups: dict[object, list[Raw]] = {}
    for each in findings:
        key = (each.issue, each.statement, each.location, each.text)
        detail = "" if each.actions or each.issue == "RESOURCE_POLICY_PRIVILEGE_ESCALATION" else each.detail
        groups.setdefault((key, detail), []).append(each)
    for group in groups.values():
        actions = tuple(dict.fromkeys(action for each in group for action in each.actions))
        yield replace(group[0], actions=actions)


class _Actions:
    """All actions that a finding is about.

    Args:
        names: As AWS writes them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._lacking = frozenset(names), dict[str, bool]()

    def lack_some_of(self, pattern: str) -> bool:
        """Return whether a pattern takes in an action that is not among them; the same patterns are asked for often."""
        if pattern not in self._lacking:
            self._lacking[pattern] = not linter.actions_of(pattern) <= self._names
        return self._lacking[pattern]


@dataclass(frozen=True, slots=True)
class _Case:
    """One finding in its place.

    Attributes:
        found: The finding.
        statement: Its statement.
        action: The one action to weigh, or empty.
        actions: All that the finding is about.
        policy: Its document.
        subject: All that is looked at.
    """

    found: Raw
    statement: Statement
    action: str
    actions: _Actions
    policy: Policy
    subject: Subject

    @property
    def is_limit(self) -> bool:
        """Whether the document only takes away."""
        return self.policy in (*self.subject.boundary, *self.subject.scps)

    @property
    def is_misread(self) -> bool:
        """Whether parliament read the opposite of what it says."""
        return self.statement.not_action or self.statement.not_resource

    @property
    def is_pattern(self) -> bool:
        """Whether the action is one of those that a pattern stands for."""
        return not linter.naming(self.statement).names(self.action)


def _weighed(found: Raw, policy: Policy, subject: Subject) -> Iterator[Finding]:
    """Yield the finding once for each reason why some of its actions are no problem, and once for the others."""
    by_reason: dict[str, list[str]] = {}
    about = _Actions(found.actions)
    for action in found.actions or ("",):
        by_reason.setdefault(_why_wrong(found, action, about, policy, subject), []).append(action)
    for reason, actions in by_reason.items():
        if reason == _SAID:
            continue
        what = _what(found, actions)
        title = f"{found.title}: {what}" if what else found.title
        if reason:
            message = f"parliament's {found.issue} is no problem here: {what + ': ' if what else ''}{reason}"
            yield Finding("parliament", Severity.NOTE, message, found.location)
        else:
            yield Finding("parliament", _severity(found), f"{title} (parliament's {found.issue})", found.location)


def _severity(found: Raw) -> Severity:
    if found.issue in _ERRORS:
        return Severity.ERROR
    return Severity.NOTE if found.issue in _NOTES else Severity.WARNING


def _what(found: Raw, actions: Sequence[str]) -> str:
    """Return what a finding is about, in words."""
    if found.issue == "UNKNOWN_CONDITION_FOR_ACTION" and found.actions:
        return f"{found.text} with {_shortened(actions)}"
    if found.issue == "RESOURCE_EFFECTIVELY_STAR" and found.statement:
        return _shortened([entry.text for entry in found.statement.resources])
    if found.issue == "RESOURCE_POLICY_PRIVILEGE_ESCALATION":
        return re.sub(r"^Possible resource policy privilege escalation ", "", found.detail)
    return _shortened(actions) if found.actions else found.detail or found.text


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _why_wrong(found: Raw, action: str, about: _Actions, policy: Policy, subject: Subject) -> str:
    """Return why a finding is known to be wrong, _SAID if another check says it, or an empty string."""
    if found.issue in ("NO_VERSION", "INVALID_VERSION"):
        return _version(found, policy)
    if found.statement is None:
        return ""
    weigh = _WEIGHED.get(found.issue)
    return weigh(_Case(found, found.statement, action, about, policy, subject)) if weigh else ""


def _version(found: Raw, policy: Policy) -> str:
    refused = any(problem.element == "Version" for problem in policy.problems)
    return _SAID if found.issue == "INVALID_VERSION" and refused else ""


# --- actions and resources ---


def _unknown_action(case: _Case) -> str:
    """``unknown_action`` and ``new_action`` look at every action, ``refused`` at those that cannot be one."""
    if _is_refused_here(case):
        return _SAID
    known = _known_to(case.found.text)
    return f"{case.found.text} is in the data of {', '.join(known)}, which is newer" if known else _SAID


def _known_to(action: str) -> tuple[str, ...]:
    return catalog.known_to(action)


def _is_refused_here(case: _Case) -> bool:
    location, text = case.found.location, case.found.text
    here = [problem for problem in case.statement.problems if problem.location == location]
    return any(location.line or not text or text in problem.message for problem in here)  # a mapping has no lines


def _resource_star(case: _Case) -> str:
    if case.is_limit:
        return "a boundary or SCP grants nothing, it only takes away"
    if case.is_misread:
        return _MISREAD
    if case.statement.principals is not None:
        return "in the policy of a resource it stands for that resource"
    if case.action.lower() in _prescribed(case.subject.pack):
        return f"the vendor's page grants this on every resource ({case.subject.pack.ref})"
    only_reads = re.match(r"[\w-]+:(Describe|Get|List)", case.action)
    if only_reads and case.is_pattern and _pattern_has_others(case):
        return "a pattern takes it in, which only reads, and other actions of that pattern need this"
    if catalog.only_lists(case.action):
        return "it only lists what there is"
    tag = _narrowing(case.statement)
    return f"the condition on {tag} says which resources" if tag else ""


def _narrowing(statement: Statement) -> str:
    """Return the key of a condition that lets through only requests for resources with some tag, or an empty string."""
    for condition in statement.conditions:
        operator, key = condition.operator.lower(), condition.key.lower()
        absent = operator == "null" and any(entry.text.lower() != "false" for entry in condition.values)
        loose = absent or re.search("not|ifexists|forallvalues", operator)
        if re.search(r":(resource|request)tag/", key) and not loose:
            return condition.key
    return ""


@lru_cache(maxsize=16)
def _prescribed(pack: RulePack) -> frozenset[str]:
    return frozenset(requirement.action.lower() for group in pack.groups for requirement in group.requirements)


def _effectively_star(case: _Case) -> str:
    actions = {action for entry in case.statement.actions for action in linter.actions_of(entry.text)}
    reasons = {_resource_star(replace(case, action=action)) for action in actions}
    return "" if "" in reasons else next(iter(reasons), "")


def _resource_mismatch(case: _Case) -> str:
    if case.is_misread:
        return _MISREAD
    resources = [entry.text for entry in case.statement.resources]
    service = case.action.partition(":")[0]
    if case.action == "s3:ListAllMyBuckets" and any(re.fullmatch(r"arn:[^:]*:s3:::\*", text) for text in resources):
        return "the vendor grants it on arn:aws:s3:::*, see list_buckets_arn"
    if service == "s3" and any(
        re.match(r"arn:[^:]*:s3[a-z-]*:[^:]*:[^:]*:(accesspoint|outpost)/", t) for t in resources
    ):
        return "AWS authorises it on the access point that is named here"
    if service == "ssm" and any(re.match(r"arn:[^:]*:ssm:[^:]*::parameter/", text) for text in resources):
        return "a public parameter belongs to no account"
    if case.is_pattern and _pattern_has_others(case):
        return "a pattern takes it in, and other actions of that pattern have these resources"
    formats = catalog.resource_types(case.action)
    if formats and _reaches(tuple(resources), formats):
        return "newer data has a kind of resource for it that is named here"
    is_looked_at = case.policy in case.subject.policies and not case.is_pattern and not case.statement.problems
    return _SAID if formats and is_looked_at else ""


def _pattern_has_others(case: _Case) -> bool:
    """Return whether the pattern that takes in the action takes in another one that the finding is not about."""
    patterns = linter.naming(case.statement).patterns(case.action)
    return any(case.actions.lack_some_of(entry.text) for entry in patterns)


@lru_cache(maxsize=1024)
def _reaches(resources: tuple[str, ...], formats: frozenset[str]) -> bool:
    """Return whether a resource of one of the kinds is among the resources; ``wrong_resource`` looks at it likewise."""
    texts = [re.sub(r"\$\{\w+\}", "*", text) for text in formats - {"*"}]
    kinds = {_kind(text) for text in texts} - {None}
    if any(_kind(text) in kinds for text in resources):
        return True
    wants = [wanted(text, one_bucket=True) for text in texts]
    return any(can_meet(resource_glob((text,)), want) for text in resources for want in wants)


def _kind(arn: str) -> tuple[object, ...] | None:
    """Return what tells kinds of resources apart that begin with a word: ``arn:aws:ec2:*:*:instance/*``."""
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[1] not in ("aws", "*"):
        return None
    word, slash, _ = fields[5].partition("/")
    plain = slash and re.fullmatch(r"[\w-]+", word) and fields[2] != "s3"
    return (fields[2], bool(fields[3]), bool(fields[4]), word) if plain else None


_PARTITIONS = frozenset({"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"})
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""

_REGION, _ACCOUNT = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+"), re.compile(r"[0-9]{12}|aws|cloudfront")
_GLOB = re.compile(r"[a-z0-9*?-]*[*?][a-z0-9*?-]*")


def _invalid_arn(case: _Case) -> str:
    """It knows four partitions, two shapes of regions and no wildcard within a field."""
    text = case.found.text
    if _is_refused_here(case) or (is_short_arn(text) and case.policy in case.subject.sessions):
        return _SAID
    if is_short_arn(text):
        return "AWS completes an ARN with fewer than six fields"
    _, partition, _, region, account, _ = text.split(":", 5)
    fine = [
        partition in _PARTITIONS or _GLOB.fullmatch(partition),
        not region or _REGION.fullmatch(region) or _GLOB.fullmatch(region),
        not account or _ACCOUNT.fullmatch(account) or _GLOB.fullmatch(account),
    ]
    return "AWS has such a partition, region or account, or accepts a wildcard there" if all(fine) else ""


def _invalid_sid(case: _Case) -> str:
    """``refused_character`` looks at the Sids of attached policies; a bucket policy's may hold spaces."""
    return _SAID if case.policy in case.subject.attached else "the Sid of a resource's policy may hold other characters"


def _duplicate_sid(case: _Case) -> str:  # noqa: ARG001 - duplicate_sid looks at every document
    return _SAID


# --- conditions ---


def _unknown_condition(case: _Case) -> str:
    key = case.found.text
    if catalog.unknown_key(key) is not None:
        return _SAID  # unknown_condition_key looks at every condition
    if catalog.is_global_key(key):
        return f"{key} is a key that AWS has whatever the action; parliament's data is older"
    if case.statement.not_action:
        return _MISREAD
    if catalog.knows_key(case.action, key):
        return f"newer data has {key} for it"
    if case.is_pattern:
        return f"a pattern takes it in; without {key} in a request the condition decides as for any absent key"
    return ""


def _mismatched_type(case: _Case) -> str:
    """Its patterns know no IPv6, no fractions and one form of dates; ``refused`` reads values as AWS does."""
    conditions = case.found.conditions
    if any(condition_words.problems(each) for each in conditions):
        return _SAID
    if _has_variable(conditions):
        return "a policy variable stands there"
    if conditions and all(_compares_texts(each) for each in conditions):
        return "this operator compares texts, whatever they look like"
    if conditions and all(_compares_arns(each) for each in conditions):
        return "the values of this key are ARNs here"
    needed = re.search(r"requires a value of type (\w+) but given \[", case.found.detail)
    if needed and conditions and all(_is_operator_of(needed[1], each) for each in conditions):
        return "AWS reads these values"
    return ""


def _compares_texts(condition: Condition) -> bool:
    """Return whether it holds the text of an ARN against patterns, which need not be whole ARNs."""
    operator = condition.operator.rpartition(":")[2]
    return operator.lower().startswith("string") and all(e.text.startswith("arn:") for e in condition.values)


def _compares_arns(condition: Condition) -> bool:
    operator = condition.operator.rpartition(":")[2]
    return operator.lower().startswith("arn") and all(e.text.startswith("arn:") for e in condition.values)


def _is_operator_of(type_: str, condition: Condition) -> bool:
    """Return whether the operator compares values of that type, so that ``refused`` has looked at them."""
    form = form_of(condition.operator)
    stem = {"Number": "Numeric", "ARN": "Arn", "Boolean": "Bool", "Long": "Numeric", "Ip": "Ip"}.get(type_, type_)
    operator = condition.operator.rpartition(":")[2].removeprefix("Not")
    epoch = condition.key.lower() == "aws:epochtime" and operator.startswith("Numeric")
    return form is not None and (operator.startswith(stem) or epoch)


def _bool_value(case: _Case) -> str:
    if any(condition_words.problems(each) for each in case.found.conditions):
        return _SAID
    return "a policy variable stands there" if _has_variable(case.found.conditions) else ""


def _has_variable(conditions: Sequence[Condition]) -> bool:
    return any("${" in entry.text for each in conditions for entry in each.values)


def _unknown_operator(case: _Case) -> str:
    if not case.found.conditions:
        return ""
    return "AWS knows this operator" if all(form_of(each.operator) for each in case.found.conditions) else _SAID


def _exception(case: _Case) -> str:
    """What parliament raises, and makes no finding of."""
    if _is_refused_here(case):
        return _SAID
    if re.search(r"Unknown data format|Action condition not found", case.found.detail):
        return "its data has a type of condition key that it cannot read; the rest of the statement was looked at"
    return ""


# --- principals ---


def _unknown_principal(case: _Case) -> str:
    if case.policy in case.subject.attached:
        return _SAID  # refused: no Principal may stand there
    text = case.found.text
    named = [each for each in case.statement.principals or () if each.text == text]
    if any(each.kind == "CanonicalUser" for each in named):
        return "S3 knows users by a canonical id"
    if re.fullmatch(r"arn:[a-z-]+:sts::[0-9]{12}:(assumed-role|federated-user)/.+|A[A-Z0-9]{15,}", text):
        return "AWS takes sessions and unique ids as well"
    return ""


def _unknown_federation(case: _Case) -> str:
    if case.policy in case.subject.attached:
        return _SAID
    is_provider = re.fullmatch(r"arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+", case.found.detail)
    return "an OpenID Connect provider may stand there" if is_provider else ""


def _privilege_escalation(case: _Case) -> str:
    return "this Deny grants nothing" if case.statement.effect is Effect.DENY else ""


_WEIGHED: dict[str, Callable[[_Case], str]] = {
    "BAD_PATTERN_FOR_MFA": lambda _: "",
    "DUPLICATE_SID": _duplicate_sid,
    "EXCEPTION": _exception,
    "INVALID_ARN": _invalid_arn,
    "INVALID_SID": _invalid_sid,
    "MISMATCHED_TYPE": _mismatched_type,
    "MISMATCHED_TYPE_OPERATION_TO_NULL": _bool_value,
    "RESOURCE_EFFECTIVELY_STAR": _effectively_star,
    "RESOURCE_MISMATCH": _resource_mismatch,
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": _privilege_escalation,
    "RESOURCE_STAR": _resource_star,
    "UNKNOWN_ACTION": _unknown_action,
    "UNKNOWN_CONDITION_FOR_ACTION": _unknown_condition,
    "UNKNOWN_FEDERATION_SOURCE": _unknown_federation,
    "UNKNOWN_OPERATOR": _unknown_operator,
    "UNKNOWN_PREFIX": _unknown_action,
    "UNKNOWN_PRINCIPAL": _unknown_principal,
}
