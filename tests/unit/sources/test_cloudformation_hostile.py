"""Templates that somebody wrote to harm, and broken ones: they are read or refused in little time, without a crash."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Location, TextSource
from pytest_veeam_iam.sources import cloudformation, json_text, yaml_text
from pytest_veeam_iam.sources.found import Reading
from tests.examples_runner import cases, inputs

DOCUMENT = "Properties: {PolicyDocument: {Statement: {Effect: Allow, Action: a, Resource: b}}}"


def read_all(text: str, name: str = "t.yaml") -> None:
    """Read every document of every template of a text, as far as it is one."""
    source = TextSource(name, text)
    for tree in [json_text.parse(source)] if name.endswith(".json") else yaml_text.parse_all(source):
        found = cloudformation.read(tree, Reading()) if cloudformation.recognizes(tree) else []
        for each in found:
            assert isinstance(each.read().location, Location)


def with_resource(value: str, sections: str = "", resources: str = "") -> str:
    policy = (
        f"  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {{Statement: {{Resource: {value}}}}}}}}}"
    )
    return f"{sections}\nResources:\n{resources}\n{policy}\n"


def nested(depth: int, function: str) -> str:
    text = "ha"
    for _ in range(depth):
        text = function.replace("INNER", text)
    return text


def each(count: int, text: str) -> str:
    return "".join(text.replace("<n+1>", str(n + 1)).replace("<n>", str(n)) for n in range(count))


OPEN = "Parameters: {N: {Type: String}}\nConditions: {C: !Equals [!Ref N, a]}"
LONG_DEFAULT = f"Parameters: {{A: {{Type: String, Default: {'a' * 100_000}}}}}"
LONG_ALIAS = f"  X: &x '{'a' * 100_000}'"
BUCKETS = each(40, "  B<n>: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${B<n+1>}${B<n+1>}'}}\n")
LAST_BUCKET = "  B40: {Type: AWS::S3::Bucket, Properties: {BucketName: ha}}"
GROUP = (
    "  G: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: g, Users: [" + each(5000, "u<n>, ") + "]}}\n"
)
IN_GROUP = DOCUMENT.replace("Properties: {", "Properties: {GroupName: g, ")
MANY = "Parameters:\n" + each(5000, "  A<n>: {Type: String, Default: a}\n")
ALL_OF_THEM = "Conditions: {C: !And [" + each(5000, "!Equals [!Ref A<n>, a], ") + "]}"
TOO_LONG, TOO_DEEP = "more than 33,554,432 characters", "more than 120 steps from value to value"

HOSTILE = {
    "bucket names": (with_resource("!Ref B0", resources=BUCKETS + LAST_BUCKET), ""),
    "defaults": (with_resource(f"!Sub '{'${A}' * 100_000}'", LONG_DEFAULT), TOO_LONG),
    "delimiters": (with_resource(f"!Join ['{'a' * 100_000}', [{'b, ' * 10_000}]]"), TOO_LONG),
    "aliases": (with_resource(f"!Join ['', [{'*x, ' * 10_000}]]", resources=LONG_ALIAS), TOO_LONG),
    "variables": (with_resource(nested(30, "!Sub ['${a}${a}', {a: INNER}]")), TOO_LONG),
    "unused variables": (with_resource(nested(30, "!Sub ['', {a: INNER, b: c}]")), ""),
    "choices": (with_resource(nested(18, "!Join ['', [!If [C, INNER, b]]]"), OPEN), ""),
    "conditions": (
        with_resource("!If [C0, a, b]", "Conditions:\n" + each(200, "  C<n>: !Not [!Condition C<n+1>]\n")),
        TOO_DEEP,
    ),
    "maps": (
        with_resource(
            "!Join ['', !FindInMap [M, a, b0]]",
            "Mappings: {M: {a: {" + each(60, "b<n>: [!Join ['', !FindInMap [M, a, b<n+1>]], x], ") + "}}}",
        ),
        "",
    ),
    "dynamic references": (with_resource(f"'{'{{resolve:a}}' * 100_000}'"), ""),
    "open references": (with_resource(f"'{'{{resolve:' * 100_000}'"), ""),
    "groups": (
        "Resources:\n" + GROUP + each(500, f"  P<n>: {{Type: AWS::IAM::GroupPolicy, {IN_GROUP}}}\n"),
        "attach policies more than 2,000,000 times",
    ),
    "assumptions": (
        f"{MANY}{ALL_OF_THEM}\nResources:\n"
        + each(5000, f"  P<n>: {{Type: AWS::IAM::ManagedPolicy, Condition: C, {DOCUMENT}}}\n"),
        "",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_template_takes_little_time_and_memory(kind: str) -> None:
    text, message = HOSTILE[kind]
    started = time.process_time()
    if message:
        with pytest.raises(PolicyLoadError, match=message):
            read_all(text)
    else:
        read_all(text)
    assert time.process_time() - started < 60


TEXTS = [path.read_text("utf-8") for case in cases("cloudformation") for path in inputs("cloudformation", case)]
PARTS = [
    "",
    "*",
    "!",
    "&x ",
    "*x",
    "{",
    "]",
    ": ",
    "- ",
    "\t",
    "\0",
    "'",
    '"',
    "${",
    "{{resolve:",
    "\n",
    "!If [",
    "Fn::",
]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return an example of which some parts were removed, repeated, moved or overwritten."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start, target = draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([1, 4, 40, 400]))
        part = draw(st.sampled_from([text[start:end], *PARTS]))
        removed, inserted = text[:start] + text[end:], text[:target] + part + text[target:]
        text = draw(st.sampled_from([removed, inserted, text[:start] + part + text[end:]]))
    return text


@given(mutants(), st.sampled_from(["t.yaml", "t.json"]))
@settings(max_examples=150, deadline=None)
def test_a_broken_file_is_read_or_refused_but_never_crashes(text: str, name: str) -> None:
    try:
        read_all(text, name)
    except PolicyLoadError as error:
        if not error.why:
            raise
