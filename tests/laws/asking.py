"""What the law tests ask, and the one place where they ask the engine: ``ask`` alone knows how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pytest_veeam_iam import evaluate
from tests.laws.oracle import ALWAYS, DEPENDS, NEVER, UNRESOLVED, Document, Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_veeam_iam import Evaluation


def ask(
    policies: Sequence[Document],
    action: str,
    resources: Sequence[str],
    *,
    boundary: Document | None = None,
    levels: Sequence[Sequence[Document]] = (),
    sessions: Sequence[Document] = (),
    complete: bool = False,
) -> Evaluation:
    """Return the engine's answer for every resource that the patterns denote, or with ``complete`` for one request."""
    return evaluate(
        policies,
        action,
        resources,
        permissions_boundary=boundary,
        service_control_policies=levels,
        session_policies=sessions,
        complete_context=complete,
    )


@dataclass(frozen=True)
class Question:
    """One permission, and all documents that have a say in it."""

    layers: Layers
    action: str
    resources: tuple[str, ...]

    def ask(self, *, complete: bool = False) -> Evaluation:
        """Return the engine's answer, with ``complete`` to a single request."""
        layers = self.layers
        return ask(
            layers.identity,
            self.action,
            self.resources,
            boundary=layers.boundary,
            levels=layers.levels,
            sessions=layers.sessions,
            complete=complete,
        )


# Strategies. All globs of a question come from one small pool, so that statements meet on the same resources.

ACCOUNT, OTHER_ACCOUNT = "111111111111", "121212121212"

CONDITIONS: dict[str, list[Document]] = {
    ALWAYS: [{}, {"Bool": {"aws:SecureTransport": "true"}}],
    NEVER: [{"Bool": {"aws:SecureTransport": "false"}}],
    DEPENDS: [
        {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    ],
    UNRESOLVED: [{"StringResembles": {"aws:RequestedRegion": "eu-central-1"}}],
}
"""What each comes to for a caller of whom nothing is declared: TLS is known, region and address are not."""

REQUIRED = {
    "s3:GetObject": [
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::b/a*",
        "arn:aws:s3:::b/a/*",
        "arn:aws:s3:::b/a",
        "arn:aws:s3:::*/*",
    ],
    "s3:ListBucket": ["arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:s3:::b*", "arn:aws:s3:::*b"],
    "s3:ListAllMyBuckets": ["*"],
    "ec2:StartInstances": [
        "arn:aws:ec2:*:*:instance/*",
        f"arn:aws:ec2:e:{ACCOUNT}:instance/*",
        f"arn:aws:ec2:e*:{ACCOUNT}:instance/i",
        "arn:aws:ec2:ee:*:instance/i*",
    ],
    "ec2:RunInstances": ["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*::image/*", f"arn:aws:ec2:e:{ACCOUNT}:volume/*"],
    "ec2:DescribeVpcs": ["*"],
    "ssm:GetParameter": ["arn:aws:ssm:*::parameter/a/*", "arn:aws:ssm:e:*:parameter/*"],
}


def action_globs(action: str) -> list[str]:
    """Return globs of which three in four match the action, in any case, and the others nearly."""
    service, name = action.split(":")
    half = len(name) // 2
    parts = (
        name,
        name.swapcase(),
        name[:half] + "*",
        "*" + name[half:],
        name[:-1] + "?",
        "*",
        f"*{name[1]}*{name[-1]}*",
    )
    near = ("s3:*Object", "ec2:*s", f"{service}:{name}?", f"{service}:{name[1:]}")
    return [f"{service}:{part}" for part in parts] + [action.upper(), action, action, "*", *near]


def globs(alphabet: str, longest: int) -> st.SearchStrategy[str]:
    """Return short texts, wild ones most of the time."""
    return st.text(alphabet, max_size=longest)


_PARTITIONS = st.sampled_from(["aws"] * 6 + ["*", "a*", "*s", "a*s", "a?s", "aws-cn"])
_REGIONS = st.sampled_from(["*", "e", "e*"]) | globs("e*?", 3)
_ACCOUNTS = st.sampled_from(["*", "", ACCOUNT, OTHER_ACCOUNT, "1*", "*1", "*1*2*", "1?1*", "?" * 12, "*?", "**", "1*:"])
_S3_ARNS = st.builds("arn:{}:s3:::{}".format, _PARTITIONS, globs("bba//*?:", 7)) | st.builds(
    "arn:{}:s3:::{}/{}".format, _PARTITIONS, st.sampled_from(["b", "b", "*", "b*", "?"]), globs("ab*?", 6)
)
_EC2_ARNS = st.builds(
    "arn:{}:{}:{}:{}:{}{}".format,
    _PARTITIONS,
    st.sampled_from(["ec2", "ec2", "ssm"]),
    _REGIONS,
    _ACCOUNTS,
    st.sampled_from(["instance/", "image/", "i*/", "", "parameter/a"]),
    globs("ia*?/", 4),
)


@st.composite
def _short_arns(draw: st.DrawFn) -> str:
    fields = draw(_EC2_ARNS | _S3_ARNS).split(":")
    kept = draw(st.integers(3, 5))
    return ":".join(fields[:kept]) + (draw(st.sampled_from(["", "*", ":*", "*:"])) if kept > 3 else "")


RESOURCE_GLOBS = st.one_of(_S3_ARNS, _EC2_ARNS, _short_arns())

_STARS = st.sampled_from(
    ["a*", "*a", "?*", "*a*b*", "*b*a*", "?a*", "*ab", "*a?", "a", "?", "??*", "**", "", "e*", "/*", "i*"]
)


@st.composite
def _near(draw: st.DrawFn, required: str) -> str:
    """Return a glob for some of what a pattern denotes, or for a little more."""
    stars = [index for index, character in enumerate(required) if character == "*"]
    if draw(st.integers(0, 3)) and stars:
        index = draw(st.sampled_from(stars))
        return required[:index] + draw(_STARS) + required[index + 1 :]
    start: int = draw(st.integers(len("arn:aws:ec2:"), len(required)))
    left_out: int = draw(st.integers(0, 3))
    return required[:start] + draw(st.sampled_from(["*", "?", "?*", "*?"])) + required[start + left_out :]


def globs_about(required: str) -> st.SearchStrategy[str]:
    """Return any globs, but mostly some that a required pattern crosses."""
    close = [] if required == "*" else [_near(required)] * 3
    return st.one_of(RESOURCE_GLOBS, *close)


def is_short(glob: str) -> bool:
    """Return whether a glob has fewer fields than an ARN; AWS refuses it in a session policy."""
    return glob != "*" and glob.count(":") < 5


@st.composite
def required_patterns(draw: st.DrawFn, action: str) -> str:
    """Return a usual pattern of this action, or one with wildcards wherever a reader could mean some."""
    usual = st.sampled_from(REQUIRED[action])
    if draw(st.booleans()) or REQUIRED[action] == ["*"]:
        return draw(usual)
    if action == "s3:GetObject":
        return "arn:aws:s3:::" + draw(st.sampled_from(["b/", "*/", "b*/"])) + draw(globs("ab*?/:", 5)) + "*"
    if action == "s3:ListBucket":
        return "arn:aws:s3:::" + draw(globs("ab*", 3)) + draw(st.sampled_from(["a", "b", "*"]))
    fields = draw(usual).split(":", 5)
    fields[3] = draw(st.sampled_from(["*", "e*", "*e", "e?", "?", "e*e", "e"]))
    fields[4] = draw(st.sampled_from(["*", "", ACCOUNT, OTHER_ACCOUNT, "1*", "*2", "1*2", "??*"]))
    fields[5] = fields[5].removesuffix("*") + draw(globs("ia*?", 4))
    return ":".join(fields)


@st.composite
def statements(draw: st.DrawFn, action: str, pool: Sequence[str]) -> Document:
    """Return one statement about an action, most of the time, and some of the pool's resources."""
    effect = draw(st.sampled_from(["Allow"] * 4 + ["Deny"]))
    return {
        "Effect": effect,
        draw(st.sampled_from(["Action"] * 5 + ["NotAction"])): draw(_one_or_some(action_globs(action))),
        draw(st.sampled_from(["Resource"] * 3 + ["NotResource"])): draw(_one_or_some(pool)),
    }


def _one_or_some(values: Sequence[str]) -> st.SearchStrategy[str | list[str]]:
    one = st.sampled_from(values)
    return one | st.lists(one, min_size=1, max_size=2)


@st.composite
def documents(draw: st.DrawFn, action: str, pool: Sequence[str], most: int = 4) -> Document:
    """Return one policy document of up to ``most`` statements."""
    return {
        "Version": "2012-10-17",
        "Statement": draw(st.lists(statements(action, pool), min_size=1, max_size=most)),
    }


@st.composite
def questions(draw: st.DrawFn, *, layered: bool = True, sure: bool = True) -> Question:
    """Return a permission and documents about it; ``layered`` adds other layers, not ``sure`` adds conditions."""
    action = draw(st.sampled_from(sorted(REQUIRED)))
    resources = draw(st.lists(required_patterns(action), min_size=1, max_size=2, unique=True))
    drawn = draw(st.lists(st.one_of(*map(globs_about, resources)), min_size=1, max_size=5))
    pool = [*drawn, *resources, "*"]
    policy, few = documents(action, pool), documents(action, pool, 2)
    other = layered and draw(st.booleans())
    in_session = documents(action, [glob for glob in pool if not is_short(glob)], 2)
    layers = Layers(
        tuple(draw(st.lists(policy, min_size=1, max_size=3))),
        draw(st.none() | few) if other else None,
        tuple(map(tuple, draw(st.lists(st.lists(few, min_size=1, max_size=2), max_size=2)))) if other else (),
        tuple(draw(st.lists(in_session, max_size=2))) if other else (),
    )
    truths = {}
    for number, statement in enumerate(layers.statements()):
        statement["Sid"] = f"S{number}"
        if not sure:
            truths[f"S{number}"] = draw(st.sampled_from([ALWAYS, ALWAYS, *CONDITIONS]))
            statement["Condition"] = draw(st.sampled_from(CONDITIONS[truths[f"S{number}"]]))
    layers.truths.update(truths)
    return Question(layers, draw(st.sampled_from([action, action.upper()])), tuple(resources))
