"""What a statement grants beyond the permissions that are needed: other actions, and needed ones in other buckets.

It finds what may be too much; whether something else takes it away again, the evaluator is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from pytest_veeam_iam import catalog
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.automata import Automaton, Budget, BudgetExceededError, signatures
from pytest_veeam_iam.iam.document import Effect
from pytest_veeam_iam.iam.evaluation import Decision
from pytest_veeam_iam.iam.globs import Relation, action_glob, can_meet, is_short_arn, relation, resource_glob, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_veeam_iam.iam.document import Entry, Policy, Statement, Token
    from pytest_veeam_iam.iam.evaluation import Evaluation
    from pytest_veeam_iam.iam.globs import Glob, Wanted
    from pytest_veeam_iam.target import Target

NOT_GRANTED = (Decision.MISSING, Decision.DENIED, Decision.UNDETERMINED)
"""Answers of which nobody can say that they grant something."""

_TAKEN_AWAY = (Decision.MISSING, Decision.DENIED)

_QUESTIONS = 3_000
"""Questions to the evaluator in one check; what is not asked any more counts as granted."""

_STEPS_OF_QUESTIONS = 100_000
"""Steps of the evaluator for all of them, about half a second; after that it cannot tell."""

_SEARCHES = 500
"""Resources with wildcards that are searched in one check; of further ones a few names are tried."""

_STEPS = 5_000
"""Steps of one search."""

_MOST_SPOKEN_OF = 200

_ELSEWHERE = ("q7x", "q7x/q7x", "0w9", "0w9/0w9")
"""What may stand in the place of wildcards, with a key and without: names that no policy speaks of."""


class Asking(Protocol):
    """Answers for one action on some resources; a budget may be shared by several questions."""

    def __call__(self, action: str, resources: Iterable[str], budget: Budget | None = None, /) -> Evaluation:
        """Return the answer."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """What one statement grants too much.

    Attributes:
        statement: That grants it.
        actions: Those that are not needed, as AWS writes them; of a statement that allows everything only examples.
        is_everything: Whether it allows all actions, or all but some.
        beyond: The needed actions that it allows in other buckets or folders as well.
        where: The first of its resources that reaches beyond; ``*`` for a NotResource.
        unknown: The values that are unknown, so that nobody can tell what it grants.
    """

    statement: Statement
    actions: tuple[str, ...] = ()
    is_everything: bool = False
    beyond: tuple[str, ...] = ()
    where: str = ""
    unknown: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in S3 an action is needed.

    Attributes:
        kind: All buckets, or all objects, as an ARN pattern.
        needed: The ones that it is needed on, as ARN patterns.
    """

    kind: str
    needed: tuple[str, ...]

    def beyond(self, text: str, excluded: tuple[str, ...]) -> tuple[str, ...]:
        """Return examples of what an entry takes in that is not needed; none if there is none.

        Args:
            text: The entry, stars in the place of variables.
            excluded: Patterns of what it leaves out.
        """
        if not re.search(r"[*?]", text):
            return (text,) if self._is_beyond(text, excluded) else ()
        if text.strip("*") and any(relation(each, wanted(text)) is Relation.COVERS for each in _globs(self.needed)):
            return ()
        automata = [Automaton([glob.tokens for glob in _globs(texts)]) for texts in ((text,), self.needed, excluded)]
        try:
            for (is_in, is_needed, is_out), example in signatures(self._wanted.automaton, automata, Budget(_STEPS)):
                if is_in and not is_needed and not is_out:
                    return (example, *self.guesses(text, excluded))
        except BudgetExceededError:
            return self.guesses(text, excluded)
        return ()

    def guesses(self, text: str, excluded: tuple[str, ...]) -> tuple[str, ...]:
        """Return the entry with some names in the place of its wildcards, as far as these are not needed."""
        pattern = text if text.strip("*") else self.kind.partition("*")[0] + "*"
        named = dict.fromkeys(re.sub(r"[*?]+", name, pattern) for name in _ELSEWHERE)
        return tuple(each for each in named if self._is_beyond(each, excluded) and resource_glob((text,)).accepts(each))

    def _is_beyond(self, resource: str, excluded: tuple[str, ...]) -> bool:
        is_of_kind = self._wanted.automaton.accepts_text(resource)
        return is_of_kind and not any(glob.accepts(resource) for glob in _globs((*self.needed, *excluded)))

    @property
    def _wanted(self) -> Wanted:
        return wanted(self.kind, one_bucket=True)


def places(resources: Iterable[str], partition: str) -> tuple[Place, ...]:
    """Return where in S3 some resources are that are needed."""
    by_kind: dict[str, list[str]] = {}
    for text in resources:
        if ":s3:::" in text:
            by_kind.setdefault("*/*" if "/" in text.split(":", 5)[5] else "*", []).append(text)
    return tuple(Place(f"arn:{partition}:s3:::{kind}", tuple(texts)) for kind, texts in by_kind.items())


@lru_cache(maxsize=1024)
def _beyond(place: Place, text: str, excluded: tuple[str, ...]) -> tuple[str, ...]:
    return place.beyond(text, excluded)


def _globs(texts: Iterable[str]) -> list[Glob]:
    return [resource_glob((text,)) for text in texts]


@dataclass
class Search:
    """A search for surplus in the statements of one principal.

    Args:
        needed: The needed actions, in lower case.
        places: Those of them that are needed in a bucket or on its objects -> where.
        allowed: Patterns of actions that are fine, needed or not.
        limits: Lists of entries outside of which nothing is allowed, whatever a statement says.
        spared: Buckets about which something else is said.
        spoken_of: Resources that the limits leave room for, which may be places that are not needed.
        is_anywhere: Whether no bucket is meant, so that only patterns of buckets are too much.
        partition: Of the target.
        is_final: Whether nothing in effect can take away what an Allow without conditions grants.
        evaluate: Asks for one action on some resources, with all that is in effect, within a budget.
    """

    needed: frozenset[str]
    places: Mapping[str, tuple[Place, ...]]
    allowed: Sequence[Glob]
    limits: Sequence[Sequence[Entry]]
    spared: frozenset[str]
    spoken_of: Sequence[str]
    is_anywhere: bool
    partition: str
    is_final: bool
    evaluate: Asking
    _questions: int = _QUESTIONS
    _budget: Budget = field(default_factory=lambda: Budget(_STEPS_OF_QUESTIONS))
    _found: dict[tuple[Place, str, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)

    def of(self, statement: Statement) -> Surplus | None:
        """Return what an Allow grants too much, or None."""
        if statement.effect is not Effect.ALLOW or statement.is_refused:
            return None
        if statement.doubt is not None and all(each.location == statement.location for each in statement.actions):
            return Surplus(statement, unknown=(statement.doubt,))
        names = self._named(statement)
        texts = tuple(_without_variables(entry.text) for entry in statement.resources)
        if statement.not_resource or any(not text.strip("*") for text in texts):
            texts = ()
        more = tuple(name for name in names or () if self._is_too_much(name, texts, statement))
        beyond, where = self._beyond(statement, names)
        entries = (*statement.actions, *statement.resources)
        unknown = tuple(dict.fromkeys(token for entry in entries for token in entry.tokens))
        if names is None or more or beyond or unknown:
            return Surplus(statement, more, names is None, beyond, where, unknown)
        return None

    def _named(self, statement: Statement) -> tuple[str, ...] | None:
        """Return the actions that exist of those that a statement allows; None for all there are, or all but some."""
        entries = [entry for entry in statement.actions if not entry.pieces]
        if not statement.not_action and all(entry.text.strip("*") for entry in entries):
            return _matching(entry.text for entry in entries)
        patterns = [f"{service}:*" for service in self._services(statement)]
        if not patterns and self.limits:
            patterns = [entry.text for entry in min(self.limits, key=len)]
        if not patterns:
            return None
        globs = [action_glob(entry.text) for entry in entries]
        return tuple(
            name
            for name in _matching(patterns)
            if any(glob.accepts(name.lower()) for glob in globs) is not statement.not_action
        )

    def _services(self, statement: Statement) -> list[str]:
        """Return the services that the resources belong to; none if they may belong to any."""
        texts = [entry.text for entry in statement.resources]
        if statement.not_resource or any(not text.strip("*") or text.count(":") < 2 for text in texts):
            return []
        return list(dict.fromkeys(text.split(":")[2] for text in texts))

    def _is_too_much(self, action: str, texts: tuple[str, ...], statement: Statement) -> bool:
        name = action.lower()
        if name in self.needed or any(glob.accepts(name) for glob in self.allowed):
            return False
        return any(self._is_granted(action, resource, statement) for resource in self._reached(action, texts))

    def _reached(self, action: str, texts: tuple[str, ...]) -> Iterator[str]:
        """Yield those of some resources that an action may be authorised on; of no texts, which stand for any, all."""
        formats = sorted(catalog.resource_types(action))
        if not texts:
            yield from (_in_words(each, self.partition) for each in formats)
        for text in texts:
            if any(_meets(text, each) for each in formats):
                yield text

    def _is_granted(self, action: str, resource: str, statement: Statement) -> bool:
        """Return whether a statement allows an action on some of the resources of a pattern, as far as can be told."""
        if (self.is_final and not statement.conditions) or self._questions <= 0:
            return True
        self._questions -= 1
        try:
            return self.evaluate(action, [resource], self._budget).decision not in _TAKEN_AWAY
        except TargetError:
            return True

    def _beyond(self, statement: Statement, names: tuple[str, ...] | None) -> tuple[tuple[str, ...], str]:
        """Return the needed actions that hold in other buckets or folders, and the first resource that is to blame."""
        named = self.places if names is None else {name.lower() for name in names}
        texts = self._texts(statement)
        found = {
            action: text
            for action, places in self.places.items()
            if action in named
            and (names is not None or _concerns(statement, action))
            and (text := self._first_beyond(action, places, texts, statement))
        }
        return _matching(found), next(iter(found.values()), "")

    def _first_beyond(
        self, action: str, places: tuple[Place, ...], texts: Sequence[str], statement: Statement
    ) -> str | None:
        excluded = tuple(entry.text for entry in statement.resources) if statement.not_resource else ()
        for text in texts:
            for place in places:
                examples = self._examples(place, _without_variables(text), excluded)
                if any(self._is_granted(action, each, statement) for each in examples):
                    return text
        return None

    def _texts(self, statement: Statement) -> list[str]:
        if statement.not_resource:
            return ["*"]
        known = [entry.text for entry in statement.resources if not entry.pieces]
        if self.is_anywhere:
            return [text for text in known if not text.strip("*") or re.search(r"[*?]", _bucket(text))]
        return [text for text in known if _bucket(text) not in self.spared]

    def _examples(self, place: Place, text: str, excluded: tuple[str, ...]) -> tuple[str, ...]:
        key = place, text, excluded
        if key not in self._found:
            is_brief = len(self._found) < _SEARCHES or not re.search(r"[*?]", text)
            found = _beyond(*key) if is_brief else place.guesses(text, excluded)
            more = (each for spoken in self.spoken_of for each in place.guesses(spoken, excluded)) if found else ()
            glob = resource_glob((text,))
            self._found[key] = (*found, *(each for each in more if glob.accepts(each)))
        return self._found[key]


def limits(policies: Iterable[Policy], layers: Iterable[Sequence[Policy]]) -> list[list[Entry]]:
    """Return lists of action entries outside of which nothing is allowed.

    Args:
        policies: The identity policies: an unconditional Deny of all other actions is such a list.
        layers: Boundary and session policies: of each only what it allows is allowed.
    """
    found = [
        list(statement.actions)
        for policy in policies
        for statement in policy.statements
        if statement.effect is Effect.DENY and _is_for_all(statement) and statement.not_action
    ]
    for layer in layers:
        allows = [s for policy in layer for s in policy.statements if s.effect is Effect.ALLOW]
        if (
            layer
            and all(policy.tree is None for policy in layer)
            and not any(statement.not_action for statement in allows)
        ):
            found.append([entry for statement in allows for entry in statement.actions])
    return [entries for entries in found if all(each.is_known and each.text.strip("*") for each in entries)]


def spoken_of(policies: Iterable[Policy], limiting: Iterable[Policy]) -> list[str]:
    """Return the S3 resources for which there is room: those that a Deny leaves out, or that another layer allows.

    Args:
        policies: The identity policies.
        limiting: Boundary, session policies and SCPs.
    """
    statements = [
        *(s for policy in policies for s in policy.statements if s.effect is Effect.DENY and s.not_resource),
        *(s for policy in limiting for s in policy.statements if (s.effect is Effect.DENY) is s.not_resource),
    ]
    texts = (entry.text for statement in statements for entry in statement.resources if entry.is_known)
    return [text for text in dict.fromkeys(texts) if text.startswith("arn:") and ":s3:::" in text][:_MOST_SPOKEN_OF]


def in_target(action: str, target: Target) -> list[str]:
    """Return the target's buckets or objects, whichever an S3 action is authorised on."""
    kinds = {each.partition(":::")[2] for each in catalog.resource_types(action) if ":s3:::" in each}
    keys = {"${BucketName}": "", "${BucketName}/${ObjectName}": "/{prefix}*"}
    found = [text for kind, key in keys.items() if kind in kinds for text in target.expand(_BUCKET + key)]
    return found or list(target.expand(_BUCKET))


_BUCKET = "arn:{partition}:s3:::{bucket}"


def _is_for_all(statement: Statement) -> bool:
    texts = [entry.text for entry in statement.resources if entry.is_known]
    return not (
        statement.conditions or statement.not_resource or statement.is_refused or statement.doubt is not None
    ) and any(not text.strip("*") for text in texts)


def _matching(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for pattern in patterns for name in catalog.matching(pattern)))


def _concerns(statement: Statement, action: str) -> bool:
    globs = (action_glob(entry.text) for entry in statement.actions if not entry.pieces)
    return any(glob.accepts(action) for glob in globs) is not statement.not_action


def _without_variables(text: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", text)


def _in_words(arn_format: str, partition: str) -> str:
    return re.sub(r"\$\{\w+\}", "*", arn_format.replace("${Partition}", partition))


def _bucket(text: str) -> str:
    """Return the name of the bucket in an S3 ARN without wildcards in it."""
    fields = text.split(":", 5)
    return fields[5].partition("/")[0] if len(fields) > 5 and fields[2] == "s3" and not fields[4] else ""


@lru_cache(maxsize=8192)
def _meets(text: str, arn_format: str) -> bool:
    """Return whether some resource of a format is among those of an ARN; the answer may be a cautious yes."""
    fields, kinds = text.split(":", 5), arn_format.split(":", 5)
    if is_short_arn(text) or len(kinds) < len(fields):
        return fields[2:3] == kinds[2:3]
    _, _, service, region, account, name = fields
    is_there = bool(kinds[3]), bool(kinds[4])
    if service != kinds[2] or (region.strip("*") and not is_there[0]) or (account.strip("*") and not is_there[1]):
        return False
    if not region and is_there[0]:  # what AWS owns itself has no account, but a region
        return False
    return _is_named(name, _in_words(kinds[5], ""), service)


@lru_cache(maxsize=8192)
def _is_named(name: str, kind: str, service: str) -> bool:
    start = f"arn:aws:{service}:::"
    return can_meet(resource_glob((start + name,)), wanted(start + kind, one_bucket=True))


_ESCALATION = "iam:putuserpolicy"
"""One action with which a user can grant itself any other."""

_IN_IAM = ("iam:zzz", "iam:a1z", _ESCALATION)
"""Texts that a pattern matches only if it takes in all of IAM."""

_A_USER = "arn:aws:iam::000000000000:user/zz/zz"


def _is_on_everything(statement: Statement) -> bool:
    return statement.not_resource or any(resource_glob((entry.text,)).any_resource for entry in statement.resources)


def owns_account(statement: Statement) -> str:
    """Return what an Allow grants in words if whoever may do that may do anything, else an empty string."""
    globs = [action_glob(entry.text) for entry in statement.actions]
    if _is_on_everything(statement):
        if statement.not_action:
            has_iam = not any(glob.accepts(_ESCALATION) for glob in globs)
            return "all but a few actions, those of IAM too, are allowed on every resource" if has_iam else ""
        if any(glob.any_resource for glob in globs):
            return "every action is allowed on every resource"
    has_iam = not statement.not_action and any(all(map(glob.accepts, _IN_IAM)) for glob in globs)
    if not has_iam:
        return ""
    if _is_on_everything(statement):
        return "every action of IAM is allowed on every resource"
    users = [resource_glob((entry.text,)).accepts(_A_USER) for entry in statement.resources]
    return "every action of IAM is allowed on every user" if any(users) and not statement.not_resource else ""
