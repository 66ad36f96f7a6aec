"""The statements that decided an answer or came nearest to granting, each with what it does and why it did not do."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.condition_words import describe
from pytest_veeam_iam.iam.dependencies import caller_words
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.globs import action_glob, action_pattern, is_short_arn, resource_glob
from pytest_veeam_iam.iam.variables import without_values
from pytest_veeam_iam.iam.verdicts import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_veeam_iam.iam.authorization import Authorizer
    from pytest_veeam_iam.iam.case import Case, Match
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.document import Entry, Location, Statement, Token
    from pytest_veeam_iam.iam.globs import Wanted
    from pytest_veeam_iam.iam.rules import Rule

_ARN_FIELDS = 6
_MOST = 3
"""Statements that are named where several came near."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One statement that decided an answer, or came nearest to granting.

    Attributes:
        statement: The statement.
        words: What it does, to be read after its place and Sid: ``denies s3:DeleteObject* on *``.
        layer: Where a statement that denies stands.
    """

    statement: Statement
    words: str
    layer: Layer = Layer.IDENTITY

    def __str__(self) -> str:
        sid = f' "{self.statement.sid}"' if self.statement.sid else ""
        return f"{_line(self.statement.location)}{sid} {self.words}"


def _line(location: Location) -> str:
    return location.path if location.line is None else f"{location.path}:{location.line}"


def grants(authorizer: Authorizer, action: str, wants: Sequence[Wanted], context: Context) -> tuple[Cause, ...]:
    """Return the statements that grant an action that is allowed, as far as that is plain to see."""
    causes: dict[Statement, Cause] = {}
    names = [name for want in wants for name in want.names]
    for layer, rules in zip(authorizer.layers, authorizer.relevant(action).allows, strict=True):
        for rule in rules if layer.kind is Layer.IDENTITY else ():
            if any(rule.may_reach(want, context.for_request(action, want.text)) for want in wants):
                causes[rule.statement] = Cause(rule.statement, _says(rule, action, names))
    return tuple(causes.values())


def causes_of(case: Case, verdict: Verdict, blocked_by: Layer | None) -> tuple[Cause, ...]:
    """Return the statements behind a verdict.

    Args:
        case: The action and the resource.
        verdict: What came out; not ALLOWED.
        blocked_by: The layer that stops it although the identity policies allow it, or None.
    """
    if verdict is Verdict.MISSING:
        return _nearest(case, blocked_by or Layer.IDENTITY)
    if verdict is Verdict.DENIED:
        return tuple(
            Cause(match.rule.statement, _says(match.rule, case.action, case.names), match.layer)
            for match in case.denies(Certainty.ALWAYS)
        )
    certainty = Certainty.UNRESOLVED if verdict is Verdict.UNRESOLVED else Certainty.DEPENDS
    return tuple(
        Cause(
            match.rule.statement,
            _says(match.rule, case.action, case.names, as_it=bool(_hangs_on(match, case))) + _doubt(match, case),
        )
        for match in case.doubtful(certainty)
    )


def unknowns_of(case: Case) -> tuple[Token, ...]:
    """Return the unknown values of templates that leave a case undetermined, each once."""
    tokens = (token for match in case.doubtful(Certainty.UNRESOLVED) for token in _unknowns(match, case))
    return tuple({token.expression: token for token in tokens}.values())


def _unknowns(match: Match, case: Case) -> list[Token]:
    """Return the unknown values that leave it open whether a statement matches a case."""
    statement = match.rule.statement
    entries = [
        *(entry for entry in statement.actions if not entry.is_known),
        *_accepting(statement.resources, case.names),
        *(
            entry
            for condition in statement.conditions
            if match.rule.condition_holds(condition, case.context) is Certainty.UNRESOLVED
            for entry in condition.values
        ),
    ]
    found = [] if statement.doubt is None else [statement.doubt]
    found += [token for entry in entries for token in entry.tokens]
    return list({token.expression: token for token in found}.values())


def _hangs_on(match: Match, case: Case) -> list[Token]:
    """Return the unknown values that leave a statement undetermined, if nothing else does before."""
    if match.certainty is not Certainty.UNRESOLVED or _refusal(match):
        return []
    return _unknowns(match, case)


def _doubt(match: Match, case: Case) -> str:
    statement = match.rule.statement
    refusal = _refusal(match)
    if refusal:
        return f", but {refusal}"
    unknowns = _hangs_on(match, case)
    if unknowns:
        told = " and ".join(f"{token} ({_line(token.location)})" for token in unknowns[:_MOST])
        return f", but {told} {'is' if len(unknowns) == 1 else 'are'} unknown"
    if statement.problems:
        return f", but {statement.problems[0].message}"
    conditions = [describe(condition) for condition in statement.conditions]
    if match.rule.caller is Certainty.DEPENDS:
        conditions.insert(0, caller_words(statement, listed=not statement.not_principal))
    return f", if {' and '.join(conditions)}" if conditions else ""


def _refusal(match: Match) -> str | None:
    """Return why AWS refuses a statement where it stands, its conditions apart; None if it does not."""
    statement = match.rule.statement
    for problem in statement.problems:
        if problem.element != "Condition":
            return problem.message
    if match.rule.document_problems:
        return f"AWS refuses the document: {match.rule.document_problems[0].message}"
    is_resource_policy = match.layer in (Layer.RESOURCE, Layer.RESOURCE_DIRECT)
    if is_resource_policy is (statement.principals is None):
        return f"it names {'no' if is_resource_policy else 'a'} Principal, which AWS refuses in this kind of policy"
    short = next((e.text for e in statement.resources if e.is_known and is_short_arn(e.text)), None)
    if match.layer is Layer.SESSION and short is not None:
        return f'"{short}" has fewer than six fields, which AWS refuses in a session policy'
    return None


def _nearest(case: Case, kind: Layer) -> tuple[Cause, ...]:
    same_action = case.allows(kind)
    if same_action:
        ranked = sorted(same_action, key=lambda match: -_closeness(match.rule, case.names))
        return tuple(Cause(match.rule.statement, _why_not(match, case)) for match in ranked[:_MOST])
    others = [
        rule
        for layer in case.authorizer.layers
        if layer.kind is kind
        for rule in layer.rules
        if rule.statement.effect is Effect.ALLOW and rule.matches(case.names, case.context) is not Certainty.NEVER
    ]
    excluded = [rule for rule in others if rule.statement.not_action]
    if excluded:
        return tuple(
            Cause(rule.statement, f"leaves it out by NotAction {_matching_actions(rule.statement, case.action)}")
            for rule in excluded[:_MOST]
        )
    return _similar(others, case.action)


def _similar(rules: Iterable[Rule], action: str) -> tuple[Cause, ...]:
    names = {
        entry.text.lower(): (entry, rule.statement)
        for rule in rules
        for entry in rule.statement.actions
        if entry.text.lower().partition(":")[0] == action.lower().partition(":")[0] and "*" not in entry.text
    }
    near = get_close_matches(action.lower(), names, n=1, cutoff=0.85)
    return tuple(Cause(names[name][1], f"allows {names[name][0].text} there, which is another action") for name in near)


def _closeness(rule: Rule, names: Sequence[str]) -> int:
    return max((_shared(entry.text, name) for entry in rule.statement.resources for name in names), default=0)


def _shared(one: str, other: str) -> int:
    return len(os.path.commonprefix([one, other]))  # noqa: RUF071 - characters are what is meant


def _why_not(match: Match, case: Case) -> str:
    """Return what an Allow of the action does, and why that is not enough."""
    rule, statement = match.rule, match.rule.statement
    if statement.is_refused:
        return f"would allow it, but AWS refuses the statement: {_refusal(match)}"
    if statement.principals is not None and match.layer is Layer.IDENTITY:
        return "names a Principal: that is a resource policy's statement and grants nothing in an identity policy"
    refusal = _refusal(match)
    if refusal is not None:
        return f"would allow it, but {refusal}"
    if rule.applies(case.context) is Certainty.NEVER:
        never = [c for c in statement.conditions if rule.condition_holds(c, case.context) is Certainty.NEVER]
        return f"allows it only if {describe(never[0])}, which this caller never fulfils" if never else "grants nothing"
    witness = case.names[0]
    if statement.not_resource:
        return f"allows it everywhere but on {_texts(_accepting(statement.resources, case.names))}"
    nearest = max(statement.resources, key=lambda entry: _shared(entry.text, witness))
    return f"allows it on {nearest.text}{_hint(nearest.text, witness)}"


def _hint(granted: str, witness: str) -> str:
    """Return why a grant on one resource does not reach another, where that can be said plainly."""
    if witness == "*":
        return ': the action has no resource type and needs Resource "*"'
    fields, wanted = granted.split(":", 5), witness.split(":", 5)
    if len(fields) < _ARN_FIELDS or len(wanted) < _ARN_FIELDS:
        return ""
    bucket, slash, _ = wanted[5].partition("/")
    if wanted[2] == "s3" and slash and fields[5] == bucket:
        return f": that is the bucket; objects are {bucket}/*"
    if wanted[2] == "s3" and not slash and fields[5].startswith(f"{bucket}/"):
        return f": those are objects; the bucket is {':'.join(wanted[:5])}:{bucket}"
    if fields[1] not in (wanted[1], "*"):
        return f": that is the partition {fields[1]}, not {wanted[1]}"
    if not wanted[4] and fields[4] not in ("", "*"):
        return f": an ARN of {wanted[5].split('/')[0]} has no account"
    return ""


def _says(rule: Rule, action: str, names: Sequence[str], *, as_it: bool = False) -> str:
    """Return what a statement says about the action: its own words, cut to the entries that concern it.

    With ``as_it`` the action is "it", so that the same is said of all actions that hang on the same value.
    """
    statement = rule.statement
    verb = "allows" if statement.effect is Effect.ALLOW else "denies"
    actions = "it" if as_it and all(e.is_known for e in statement.actions) else _matching_actions(statement, action)
    what = f"everything but {_texts(statement.actions)}" if statement.not_action else actions
    return f"{verb} {what} {_where(statement, tuple(names))}"


@lru_cache(maxsize=256)
def _where(statement: Statement, names: tuple[str, ...]) -> str:
    """Return on what, which is the same for all actions that are asked on the same resources."""
    if statement.not_resource:
        return f"everywhere but on {_texts(statement.resources)}"
    return f"on {_texts(_accepting(statement.resources, names) or statement.resources)}"


def _matching_actions(statement: Statement, action: str) -> str:
    def accepts(entry: Entry) -> bool:
        glob = action_pattern(without_values(entry)) if entry.pieces else action_glob(entry.text)
        return glob.accepts(action.lower())

    return _texts([e for e in statement.actions if accepts(e)] or statement.actions)


def _accepting(entries: Sequence[Entry], names: Sequence[str]) -> list[Entry]:
    return [e for e in entries if any(resource_glob(without_values(e)).accepts(name) for name in names)]


def _texts(entries: Sequence[Entry]) -> str:
    texts = [entry.text for entry in entries[:2]]
    more = len(entries) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")
