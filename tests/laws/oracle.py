"""What IAM answers for every resource that a required pattern denotes, by looking at all of them.

Written from SEMANTICS.md alone, as an adversary of the evaluator: nothing here may come from it. One request for one
concrete resource is decided by ``verdict``, with a matcher that tries every possibility; the answer for a required
pattern is the fold of the verdicts on the resources it denotes.

Which resources to look at. A pattern denotes infinitely many, so ``denoted`` walks through all strings, shortest first,
and leaves out one whose every continuation has the same answers as that of a string it has seen already. It knows this
from what each glob still has to match: ``*a*b*`` has ``*a*b*`` to match after "x", "xx" and "xbx", and ``*b*`` after
"a". Two strings that leave the same rests of all globs are told apart by no ending (Myhill and Nerode), and there are
only so many rests. So no length has to be guessed: if any resource has a certain verdict, one that is listed has it.
Characters that no glob names are alike, up to what reality tells apart: one digit, one letter, the slash and the colon
stand for all of them. A test compares the list with all strings there are up to some length.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cache, lru_cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Document: TypeAlias = "dict[str, Any]"

LIST_BUCKETS = "s3:listallmybuckets"
NEVER, DEPENDS, UNRESOLVED, ALWAYS = "never", "depends", "unresolved", "always"


@dataclass(frozen=True)
class Layers:
    """All documents of one question, and what their conditions come to: by Sid, ``always`` where nothing is said."""

    identity: tuple[Document, ...]
    boundary: Document | None = None
    levels: tuple[tuple[Document, ...], ...] = ()
    sessions: tuple[Document, ...] = ()
    truths: dict[str, str] = field(default_factory=dict)

    def statements(self) -> list[Document]:
        """Return the statements of all documents."""
        return [
            statement
            for group in self.by_name().values()
            for layer in group
            for document in layer
            for statement in as_list(document["Statement"])
        ]

    def by_name(self) -> dict[str, tuple[tuple[Document, ...], ...]]:
        """Return the layers that each must allow, in the order in which ``blocked_by`` names them; identity is last."""
        return {
            "scp": self.levels,
            "boundary": ((self.boundary,),) if self.boundary else (),
            "session": (self.sessions,) if self.sessions else (),
            "identity": (self.identity,),
        }


# One request.


def decide(layers: Layers, action: str, resources: Iterable[str]) -> str:
    """Return the decision for all resources that the required patterns denote together."""
    seen = {
        verdict(layers, action, resource) for required in resources for resource in denoted(required, globs_of(layers))
    }
    if seen == {"denied"} or seen == {"missing"}:
        return seen.pop()
    for worst, name in (("denied", "partly_denied"), ("missing", "partial")):
        if worst in seen:
            return name
    return next(name for name in ("undetermined", "conditional", "allowed") if name in seen)


def verdict(layers: Layers, action: str, resource: str) -> str:
    """Return what one request for one resource comes to: SEMANTICS.md's D, M, U, C or A."""
    every = [layer for group in layers.by_name().values() for layer in group]
    denies = {sure for layer in every for sure in matching("Deny", layer, layers.truths, action, resource)}
    allows = [matching("Allow", layer, layers.truths, action, resource) for layer in every]
    if ALWAYS in denies:
        return "denied"
    if any(not granted - {NEVER} for granted in allows):
        return "missing"
    hangs = [granted for granted in allows if ALWAYS not in granted]
    if UNRESOLVED in denies or any(UNRESOLVED in granted for granted in hangs):
        return "undetermined"
    return "conditional" if DEPENDS in denies or hangs else "allowed"


def blocked_by(layers: Layers, action: str, resource: str) -> str | None:
    """Return the first layer that says what all say together, unless the identity policies refuse by themselves."""
    own = {
        name: {verdict(Layers(layer, truths=layers.truths), action, resource) for layer in group}
        for name, group in layers.by_name().items()
    }
    if own.pop("identity") != {"allowed"}:
        return None
    return next((name for name, said in own.items() if verdict(layers, action, resource) in said), None)


def matching(effect: str, layer: Sequence[Document], truths: Mapping[str, str], action: str, resource: str) -> set[str]:
    """Return how surely the statements of one layer with this effect match, one word for each that does."""
    return {
        truths.get(statement.get("Sid", ""), ALWAYS)
        for document in layer
        for statement in as_list(document["Statement"])
        if statement["Effect"] == effect and covers(statement, action, resource)
    }


def covers(statement: Document, action: str, resource: str) -> bool:
    """Return whether action and resource are those of a statement, whatever its conditions are."""
    return covers_action(statement, action) and any(
        covers_resource(statement, name) for name in names_of(action, resource)
    )


def covers_action(statement: Document, action: str) -> bool:
    """Return whether a statement is about an action; case does not matter."""
    named = any(
        matches(plain(glob.lower()), action.lower())
        for glob in as_list(statement.get("Action", statement.get("NotAction")))
    )
    return named == ("Action" in statement)


def covers_resource(statement: Document, name: str) -> bool:
    """Return whether a statement is about a resource; case matters."""
    globs = as_list(statement.get("Resource", statement.get("NotResource")))
    return any(is_named(glob, name) for glob in globs) == ("Resource" in statement)


def is_named(glob: str, name: str) -> bool:
    """Return whether one entry of Resource or NotResource names a resource."""
    if name == "*":
        return not glob.strip("*")
    return matches(arn_glob(glob), name)


def names_of(action: str, resource: str) -> tuple[str, ...]:
    """Return what a request may call its resource: ListAllMyBuckets has two names for the one it has."""
    if action.lower() == LIST_BUCKETS and resource == "*":
        return "*", "arn:aws:s3:::*"
    return (resource,)


def as_list(value: Any) -> list[Any]:
    """Return what is one or a list of them as a list."""
    return value if isinstance(value, list) else [value]


# Wildcards. A glob is a tuple of atoms; an atom is a character, or one of these sets.

ONE, ONE_DIGIT, ONE_BUT_COLON, ONE_IN_BUCKET = "one", "one digit", "one but :", "one but : and /"
RUN, RUN_BUT_COLON, RUN_IN_BUCKET = "run", "run without :", "run without : and /"

Glob: TypeAlias = "tuple[str, ...]"


def plain(text: str) -> Glob:
    """Read a glob whose stars match anything."""
    return tuple({"*": RUN, "?": ONE}.get(character, character) for character in text)


@cache
def arn_glob(text: str) -> Glob:
    """Read an entry of Resource: a star inside one of the first five fields does not cross a colon, others do."""
    if text.count(":") < 5 and text[-1:] != "*":
        text += ":*" * (5 - text.count(":"))
    atoms = list(plain(text))
    for index, atom in enumerate(atoms):
        inside = text.count(":", 0, index) < 5 and text[index + 1 : index + 2] not in (":", "")
        if atom == RUN and inside:
            atoms[index] = RUN_BUT_COLON
    return tuple(atoms)


def takes(atom: str, character: str) -> bool:
    """Return whether an atom may stand for, or take in, a character."""
    if atom in (ONE_BUT_COLON, RUN_BUT_COLON):
        return character != ":"
    if atom in (ONE_IN_BUCKET, RUN_IN_BUCKET):
        return character not in ":/"
    if atom == ONE_DIGIT:
        return character in "0123456789"
    return atom in (ONE, RUN, character)


@lru_cache(maxsize=200_000)
def matches(glob: Glob, text: str) -> bool:
    """Return whether a glob matches all of a text, by trying every possibility."""
    if not glob:
        return not text
    first, rest = glob[0], glob[1:]
    one_more = bool(text) and takes(first, text[0])
    if first.startswith(RUN):
        return matches(rest, text) or (one_more and matches(glob, text[1:]))
    return one_more and matches(rest, text[1:])


# What a required pattern denotes.


def is_wild(text: str) -> bool:
    """Return whether a text holds a wildcard."""
    return "*" in text or "?" in text


@cache
def required_globs(required: str) -> tuple[tuple[Glob, ...], ...]:
    """Return what a denoted resource must match: one glob of each tuple.

    The first is the pattern itself, the second reality: no colon in the first five fields, a region that is not empty,
    an account of 12 digits, an id without colon in EC2 and SSM, an object key that is not empty. A field without
    wildcards is as it is. SEMANTICS.md does not say it of them, but it is as real that a bucket's name is neither empty
    nor holds a colon, and that no id is empty.
    """
    fields = required.split(":", 5)
    pattern: list[str] = []
    real: list[str] = []
    for index, text in enumerate(fields[:5]):
        pattern += [{RUN: RUN_BUT_COLON, ONE: ONE_BUT_COLON}.get(atom, atom) for atom in plain(text)] + [":"]
        shape = {3: [ONE_BUT_COLON, RUN_BUT_COLON], 4: [ONE_DIGIT] * 12}.get(index, [RUN_BUT_COLON])
        real += (shape if is_wild(text) else list(text)) + [":"]
    before_star = fields[5].rstrip("*")
    ends_in_star = fields[2] != "s3" and before_star != fields[5]
    no_empty_id = (ONE,) if ends_in_star and before_star[-1:] in ("", "/") else ()
    resource = plain(before_star) + no_empty_id + plain(fields[5][len(before_star) :])
    return (tuple(pattern) + resource,), tuple(tuple(real) + shape for shape in _real_ids(fields[2], fields[5]))


def _real_ids(service: str, text: str) -> list[Glob]:
    if not is_wild(text):
        return [tuple(text)]
    if service == "s3":
        bucket = (ONE_IN_BUCKET, RUN_IN_BUCKET)
        return [bucket, (*bucket, "/", ONE, RUN)]
    return [(RUN_BUT_COLON,) if service in ("ec2", "ssm") else (RUN,)]


def denotes(required: str, resource: str) -> bool:
    """Return whether a required pattern denotes a resource."""
    if not is_wild(required) or required == "*":
        return resource == required
    return all(any(matches(glob, resource) for glob in group) for group in required_globs(required))


def denoted(required: str, globs: Iterable[Glob]) -> Iterator[str]:
    """Yield denoted resources, one at least of every kind that the globs can tell apart: see the head of this file."""
    if not is_wild(required) or required == "*":
        yield required
        return
    needed = required_globs(required)
    told_apart = [*needed, *((glob,) for glob in sorted(set(globs)))]
    characters = alphabet([required, *("".join(atom for atom in glob if len(atom) == 1) for glob in globs)])
    start = tuple(_without_runs(group) for group in told_apart)
    seen, waiting = {start}, deque([("", start)])
    while waiting:
        text, rests = waiting.popleft()
        if all(() in rest for rest in rests[: len(needed)]):
            yield text
        for character in characters:
            following = _all_after(rests, character, len(needed))
            if following and following not in seen:
                seen.add(following)
                waiting.append((text + character, following))


def alphabet(texts: Iterable[str]) -> str:
    """Return the characters to try: those that are named, the marks of ARNs, a digit and a letter that nobody names."""
    named = {character for text in texts for character in text} - {"*", "?"}
    others = "".join(digit for digit in digits if digit not in named)[-1:], min(set(ascii_letters) - named)
    return "".join(sorted(named | {":", "/", *others}))


Rests: TypeAlias = "frozenset[Glob]"


def _all_after(rests: tuple[Rests, ...], character: str, needed: int) -> tuple[Rests, ...] | None:
    """Return what each glob still has to match, or None if one that must match no longer can."""
    first = tuple(after(rest, character) for rest in rests[:needed])
    return first + tuple(after(rest, character) for rest in rests[needed:]) if all(first) else None


@lru_cache(maxsize=200_000)
def after(rests: Rests, character: str) -> Rests:
    """Return what may remain to be matched when one more character has been read."""
    taken = (rest for rest in rests if rest and takes(rest[0], character))
    return _without_runs(rest if rest[0].startswith(RUN) else rest[1:] for rest in taken)


def _without_runs(globs: Iterable[Glob]) -> Rests:
    """Add the globs in which leading runs are empty, and leave out what another makes superfluous.

    A rest that ends in ``*x`` matches nothing that ``*x`` does not match.
    """
    rests = set(globs)
    for glob in list(rests):
        while glob and glob[0].startswith(RUN):
            glob = glob[1:]
            rests.add(glob)
    least = min((rest for rest in rests if rest[:1] == (RUN,)), key=len, default=())
    return frozenset(rest for rest in rests if not least or rest == least or rest[-len(least) :] != least)


def globs_of(layers: Layers) -> frozenset[Glob]:
    """Return every glob of a Resource or NotResource that an ARN can be matched with."""
    return frozenset(
        arn_glob(glob)
        for statement in layers.statements()
        for glob in as_list(statement.get("Resource", statement.get("NotResource")))
    )


def every_text(characters: str, longest: int) -> Iterator[str]:
    """Yield all texts up to a length."""
    texts = [""]
    for _ in range(longest + 1):
        yield from texts
        texts = [text + character for text in texts for character in characters]
