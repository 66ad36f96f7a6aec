"""What a pattern of a policy matches, what a required pattern denotes, and how the two stand to each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam.iam.automata import Automaton, Budget, Chars, Run, signatures
from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.globs import (
    Glob,
    Literal,
    Relation,
    Shape,
    Unknown,
    action_glob,
    action_problem,
    all_buckets,
    can_meet,
    matches,
    relation,
    resource_glob,
    resource_problem,
    wanted,
)

NEVER, DEPENDS, UNRESOLVED, ALWAYS = Certainty.NEVER, Certainty.DEPENDS, Certainty.UNRESOLVED, Certainty.ALWAYS
STAR, FIELD_STAR, ONE = Run(Chars.ANY, many=True), Run(Chars.FIELD, many=True), Run(Chars.ANY, many=False)
VARIABLE, TEMPLATE = Unknown("${aws:username}"), Unknown("${var.bucket}", UNRESOLVED)


def resource(text: str) -> Glob:
    return resource_glob((text,))


# --- patterns of a policy ---

TEXTS = [
    ("a", "a", True),
    ("a", "A", False),
    ("a", "", False),
    ("a", "aa", False),
    ("", "", True),
    ("", "a", False),
    ("*", "", True),
    ("*", "a:b/c*?\n", True),
    ("**", "", True),
    ("a*", "a", True),
    ("a*", "ab", True),
    ("a*", "ba", False),
    ("*a", "a", True),
    ("*a", "ba", True),
    ("*a", "ab", False),
    ("a*b", "ab", True),
    ("a*b", "axxb", True),
    ("a*b", "a", False),
    ("a*b", "abc", False),
    ("a**b", "ab", True),
    ("a*b*c", "axbxbxc", True),
    ("a*b*c", "axcxb", False),
    ("*a*", "xax", True),
    ("*a*", "x", False),
    ("?", "a", True),
    ("?", ":", True),
    ("?", "/", True),
    ("?", "", False),
    ("?", "ab", False),
    ("a?", "a", False),
    ("a?c", "abc", True),
    ("??", "a", False),
    ("??", "ab", True),
    ("?*", "", False),
    ("?*", "a", True),
    ("?*", "abc", True),
    ("*?", "", False),
    ("*?", "ab", True),
    ("*??*", "a", False),
    ("*??*", "ab", True),
    ("[a]", "a", False),
    ("[a]", "[a]", True),
    ("[!a]*", "[!a]x", True),
    ("a.c", "abc", False),
    ("{a,b}", "{a,b}", True),
    ("{a,b}", "a", False),
    ("a\\*", "a\\x", True),
    ("a|b", "a", False),
    ("^a$", "a", False),
    ("(a)+", "a", False),
    ("é*", "éa", True),
    ("a*c", "a:b:c", True),
    ("a*c:d", "a:b:c:d", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), TEXTS)
def test_only_stars_and_question_marks_are_special(pattern: str, text: str, expected: bool) -> None:
    assert matches((pattern,), text) is (ALWAYS if expected else NEVER)
    assert resource(f"arn:aws:s3:::{pattern}").accepts(f"arn:aws:s3:::{text}") is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("s3:GetObject", "s3:getobject", True),
        ("S3:GETOBJECT", "s3:getobject", True),
        ("S3:Get*", "s3:getobject", True),
        ("s3:Get*", "s3:putobject", False),
        ("s3:?etObject", "s3:getobject", True),
        ("s3:??tObject", "s3:getobject", True),
        ("s3:?tObject", "s3:getobject", False),
        ("*", "s3:getobject", True),
        ("s3:*", "s3express:getobject", False),
        ("s3:*ject", "s3:getobject", True),
        ("s3:*Object", "s3:getobjectversion", False),
    ],
)
def test_an_action_is_compared_without_case(pattern: str, text: str, expected: bool) -> None:
    assert action_glob(pattern).accepts(text) is expected


ARNS = [
    # a star that ends a field may cross colons
    ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn:aws:ec2:*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn:aws:ec2:eu*:instance/*", "arn:aws:ec2:eu-west-1:1:instance/i", True),
    ("arn:aws:ec2:*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn:aws*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn:a*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("*:instance/*", "arn:aws:ec2:eu:1:instance/i", True),
    ("arn:aws:ec2:eu:1*:i", "arn:aws:ec2:eu:1:x:i", True),
    ("arn:aws:ec2:eu:**:i", "arn:aws:ec2:eu:1:x:i", True),
    # one inside a field does not
    ("arn:a*s:ec2:eu:1:i", "arn:aws:ec2:eu:1:i", True),
    ("arn:a*c2:eu:1:i", "arn:aws:ec2:eu:1:i", False),
    ("arn:aws:e*2:eu:1:i", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:e*-1:1:i", "arn:aws:ec2:eu-west-1:1:i", True),
    ("arn:aws:ec2:e*1:i:j", "arn:aws:ec2:eu:1:i:j", False),
    ("arn:aws:ec2:*u:1:i", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:*1:i:x", "arn:aws:ec2:eu:1:i:x", False),
    ("arn:aws:ec2:eu:*2:i", "arn:aws:ec2:eu:12:i", True),
    ("arn:aws:ec2:eu:*i:j", "arn:aws:ec2:eu:12:i:j", False),
    ("arn:aws:ec2:eu:**2:i", "arn:aws:ec2:eu:1:2:i", False),
    ("arn:aws:ec2:*X:1:i", "arn:aws:ec2:euX:1:i", True),
    ("arn:aws:ec2:*X:i:j", "arn:aws:ec2:eu:1X:i:j", False),
    # after the fifth colon a colon is a character like any other
    ("arn:aws:s3:::*b", "arn:aws:s3:::a:b", True),
    ("arn:aws:s3:::a*b:c", "arn:aws:s3:::a:x:b:c", True),
    ("arn:aws:s3:::b/*/x", "arn:aws:s3:::b/a:b/c:d/x", True),
    # a question mark is one character, a colon as well
    ("arn:aws:ec2:e?1:1:i", "arn:aws:ec2:e:1:1:i", True),
    ("arn:aws:ec2:e?1:1:i", "arn:aws:ec2:e1:1:i", False),
    # case counts
    ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
    ("ARN:aws:s3:::b", "arn:aws:s3:::b", False),
    # a short ARN is completed unless it ends in a star
    ("arn:aws:s3", "arn:aws:s3:::b", True),
    ("arn:aws:s3", "arn:aws:s3", False),
    ("arn:aws:s3:", "arn:aws:s3:::b", True),
    ("arn:aws:s3:", "arn:aws:s3:eu:::b", False),
    ("arn:aws:s3::", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::", "arn:aws:s3:::", True),
    ("arn:aws:ec2:eu", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:eu", "arn:aws:ec2:eu-west-1:1:i", False),
    ("arn:aws:ec2:eu:1", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:eu:1", "arn:aws:ec2:eu:12:i", False),
    ("arn:aws:ec2:eu:1*", "arn:aws:ec2:eu:12:i", True),
    ("arn:aws:ec2:eu*", "arn:aws:ec2:eu-west-1:1:i", True),
    ("arn:aws:ec2:*:1", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:eu?", "arn:aws:ec2:eu1:1:i", True),
]


@pytest.mark.parametrize(("pattern", "arn", "expected"), ARNS)
def test_an_arn_is_matched_by_its_fields(pattern: str, arn: str, expected: bool) -> None:
    assert resource(pattern).accepts(arn) is expected


@pytest.mark.parametrize(
    ("text", "shape", "prefix", "any_resource"),
    [
        ("arn:aws:s3:::b", Shape.EXACT, "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b*", Shape.PREFIX, "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b**", Shape.PREFIX, "arn:aws:s3:::b", False),
        ("arn:aws:s3:*", Shape.PREFIX, "arn:aws:s3:", False),
        ("arn:aws:s3:::b?", Shape.GENERAL, "arn:aws:s3:::b", False),
        ("arn:aws:s3:::*b", Shape.GENERAL, "arn:aws:s3:::", False),
        ("arn:aws:s3:::b*?", Shape.GENERAL, "arn:aws:s3:::b", False),
        ("arn:*:s3:::b", Shape.GENERAL, "arn:", False),
        ("*", Shape.PREFIX, "", True),
        ("**", Shape.PREFIX, "", True),
        ("?", Shape.GENERAL, "", False),
        ("?*", Shape.GENERAL, "", False),
    ],
)
def test_a_glob_knows_its_shape(text: str, shape: Shape, prefix: str, any_resource: bool) -> None:
    glob = resource(text)
    assert (glob.shape, glob.prefix, glob.any_resource) == (shape, prefix, any_resource)


def test_a_run_of_stars_is_the_widest_of_them() -> None:
    assert resource("arn:a***s:s3:::b").tokens[4:8] == ("a", FIELD_STAR, "s", ":")
    assert resource("arn:aws:s3:::a**").tokens[-2:] == ("a", STAR)
    assert resource_glob(("arn:aws:ec2:e*", VARIABLE, "x:1:i")).tokens[12:15] == ("e", STAR, "x")
    assert action_glob("a**?*").tokens == ("a", STAR, ONE, STAR)


# --- substituted and unknown values ---


def test_a_substituted_value_has_no_wildcards() -> None:
    glob = resource_glob(("arn:aws:s3:::b/", Literal("*"), "/*"))
    assert glob.accepts("arn:aws:s3:::b/*/x")
    assert not glob.accepts("arn:aws:s3:::b/a/x")
    assert glob.certainty is ALWAYS
    assert glob.text == ""
    assert resource("arn:aws:s3:::b").text == "arn:aws:s3:::b"


def test_the_colons_of_a_substituted_value_count_as_fields() -> None:
    assert resource_glob(("arn:", Literal("a:b"), ":c:d:e*f:g")).accepts("arn:a:b:c:d:e:x:f:g")
    assert not resource_glob(("arn:", Literal("ab"), ":c:d:e*f:g")).accepts("arn:ab:c:d:e:x:f:g")


def test_the_colons_of_all_pieces_count_as_fields() -> None:
    glob = resource_glob(("arn:aws:s3:::b/", Literal("v"), "/", Literal("w"), "/x*y"))
    assert glob.accepts("arn:aws:s3:::b/v/w/x:y")
    assert not glob.accepts("arn:aws:s3:::b/v/x:y")


def test_a_star_before_a_substituted_value_does_not_end_its_field() -> None:
    glob = resource_glob(("arn:aws:ec2:e*", Literal("1"), ":1:i"))
    assert glob.accepts("arn:aws:ec2:eu-1:1:i")
    assert not glob.accepts("arn:aws:ec2:eu:1:1:i")


@pytest.mark.parametrize(
    ("pieces", "text", "expected"),
    [
        ((VARIABLE,), "", DEPENDS),
        ((VARIABLE,), "any:text/*", DEPENDS),
        (("a", VARIABLE), "ab", DEPENDS),
        (("a", VARIABLE), "ba", NEVER),
        (("a", VARIABLE, "c"), "abc", DEPENDS),
        (("a", VARIABLE, "c"), "ab", NEVER),
        (("a*", VARIABLE), "ab", DEPENDS),
        ((TEMPLATE, "c"), "abc", UNRESOLVED),
        ((TEMPLATE, "c"), "abd", NEVER),
        ((VARIABLE, TEMPLATE), "a", UNRESOLVED),
        ((TEMPLATE, VARIABLE), "a", UNRESOLVED),
        ((Literal("a?"), "*"), "a?b", ALWAYS),
        ((Literal("a?"), "*"), "abb", NEVER),
        ((), "", ALWAYS),
        ((), "a", NEVER),
    ],
)
def test_an_unknown_value_may_be_any_text(
    pieces: tuple[str | Literal | Unknown, ...], text: str, expected: Certainty
) -> None:
    assert matches(pieces, text) is expected


def test_a_short_arn_with_an_unknown_value_is_completed_as_well() -> None:
    assert resource_glob(("arn:aws:s3:::b-", VARIABLE)).accepts("arn:aws:s3:::b-x/y")
    assert resource_glob(("arn:aws:ec2:eu-", VARIABLE)).tokens[-4:] == (":", STAR, ":", STAR)
    assert resource_glob(("arn:aws:ec2:eu-", VARIABLE, "*")).tokens[-2:] == ("-", STAR)


# --- what a required pattern denotes ---

DENOTED = [
    # object keys are not empty
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", False),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/l:m", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::b/**", "arn:aws:s3:::b/", False),
    ("arn:aws:s3:::b/**", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/a", True),
    ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/b", False),
    ("arn:aws:s3:::b/a/*", "arn:aws:s3:::b/a/", True),
    ("arn:aws:s3:::b/*a", "arn:aws:s3:::b/a", True),
    ("arn:aws:s3:::b/*a", "arn:aws:s3:::b/x/a", True),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/a", True),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/ab", False),
    # every bucket, and every object in it
    ("arn:aws:s3:::*", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::*", "arn:aws:s3:::", False),
    ("arn:aws:s3:::*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::*", "arn:aws:s3:::b/", False),
    ("arn:aws:s3:::*", "arn:aws:s3:::b:c", False),
    ("arn:aws:s3:::b*", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::b*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b*", "arn:aws:s3:::c", False),
    ("arn:aws:s3:::*b", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::*b", "arn:aws:s3:::ab", True),
    ("arn:aws:s3:::*b", "arn:aws:s3:::a/b", True),
    ("arn:aws:s3:::*b", "arn:aws:s3:::a/xb", True),
    ("arn:aws:s3:::*b", "arn:aws:s3:::a/c", False),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::axb", True),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::a/b", True),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::ab", False),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::a:b", False),
    ("arn:aws:s3:::*/*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::*/*", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::*/*", "arn:aws:s3:::/k", False),
    ("arn:aws:s3:::*/*", "arn:aws:s3:::b/k/l", True),
    ("arn:aws:s3:::*/a", "arn:aws:s3:::b/a", True),
    ("arn:aws:s3:::*/a", "arn:aws:s3:::b/x/a", True),
    ("arn:aws:s3:::*/a", "arn:aws:s3:::b/xa", False),
    ("arn:aws:s3:::b*/", "arn:aws:s3:::b/k/", True),
    # a region is not empty and holds no colon
    ("arn:aws:ec2:*:1:i", "arn:aws:ec2::1:i", False),
    ("arn:aws:ec2:*:1:i", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:*:1:i", "arn:aws:ec2:eu:x:1:i", False),
    ("arn:aws:ec2:eu-*:1:i", "arn:aws:ec2:eu-west-1:1:i", True),
    ("arn:aws:ec2:eu-?:1:i", "arn:aws:ec2:eu-1:1:i", True),
    ("arn:aws:ec2:eu-?:1:i", "arn:aws:ec2:eu-::1:i", False),
    # so is a partition
    ("arn:*:s3:::b", "arn:aws:s3:::b", True),
    ("arn:*:s3:::b", "arn:aws:x:s3:::b", False),
    # an account is 12 digits
    ("arn:aws:ec2:eu:*:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:*:i", "arn:aws:ec2:eu:11112222333:i", False),
    ("arn:aws:ec2:eu:*:i", "arn:aws:ec2:eu:1111222233334:i", False),
    ("arn:aws:ec2:eu:*:i", "arn:aws:ec2:eu::i", False),
    ("arn:aws:ec2:eu:*:i", "arn:aws:ec2:eu:11112222333a:i", False),
    ("arn:aws:ec2:eu:1*:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:1*:i", "arn:aws:ec2:eu:211122223333:i", False),
    ("arn:aws:ec2:eu:1*:i", "arn:aws:ec2:eu:1:i", False),
    ("arn:aws:ec2:eu:*3:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:*3:i", "arn:aws:ec2:eu:3:i", False),
    ("arn:aws:ec2:eu:**:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:**:i", "arn:aws:ec2:eu:1:i", False),
    ("arn:aws:ec2:eu:1?*:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:1?*:i", "arn:aws:ec2:eu:1a1122223333:i", False),
    ("arn:aws:ec2:eu:111122223333*:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:aws*:i", "arn:aws:ec2:eu:aws-marketplace:i", True),
    ("arn:aws:ec2:eu:1?3*:i", "arn:aws:ec2:eu:123222222222:i", True),
    ("arn:aws:ec2:eu:11112222333?:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:11112222333?:i", "arn:aws:ec2:eu:11112222333a:i", False),
    ("arn:aws:ec2:eu:????????????:i", "arn:aws:ec2:eu:111122223333:i", True),
    ("arn:aws:ec2:eu:1*2:i", "arn:aws:ec2:eu:111122223332:i", True),
    ("arn:aws:ec2:eu:1*2:i", "arn:aws:ec2:eu:12:i", False),
    ("arn:aws:ec2:eu:1***2:i", "arn:aws:ec2:eu:12:i", False),
    ("arn:aws:ec2:eu:1***2:i", "arn:aws:ec2:eu:111111111112:i", True),
    ("arn:aws:ec2:eu:1*2:i", "arn:aws:ec2:eu:111122223333:i", False),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:222212222222:i", True),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:122222222222:i", True),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:222222222221:i", True),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:222222222222:i", False),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:1:i", False),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:2222222222221:i", False),
    ("arn:aws:ec2:eu:*1*:i", "arn:aws:ec2:eu:1222222222222:i", False),
    ("arn:aws:ec2:eu:1*2*:i", "arn:aws:ec2:eu:111211111111:i", True),
    ("arn:aws:ec2:eu:1*2*:i", "arn:aws:ec2:eu:121111111111:i", True),
    ("arn:aws:ec2:eu:1*2*:i", "arn:aws:ec2:eu:111111111112:i", True),
    ("arn:aws:ec2:eu:1*2*:i", "arn:aws:ec2:eu:211111111111:i", False),
    ("arn:aws:ec2:eu:1*2*3*:i", "arn:aws:ec2:eu:111211131111:i", True),
    ("arn:aws:ec2:eu:1*2*3*:i", "arn:aws:ec2:eu:1112111a3111:i", False),
    ("arn:aws:ec2:eu:1111222233334*:i", "arn:aws:ec2:eu:1111222233334:i", True),
    ("arn:aws:ec2:eu:a*:i", "arn:aws:ec2:eu:a1:i", True),
    ("arn:aws:ec2:*::i", "arn:aws:ec2:eu::i", True),
    ("arn:aws:ec2:*::i", "arn:aws:ec2:eu:111122223333:i", False),
    # ids of EC2 and SSM hold no colon and are not empty
    ("arn:aws:ec2:eu::i/*", "arn:aws:ec2:eu::i/i-1", True),
    ("arn:aws:ec2:eu::i/*", "arn:aws:ec2:eu::i/", False),
    ("arn:aws:ec2:eu::i/*", "arn:aws:ec2:eu::i/a:b", False),
    ("arn:aws:ec2:eu::i/a*", "arn:aws:ec2:eu::i/a", True),
    ("arn:aws:ec2:eu::i/?", "arn:aws:ec2:eu::i/:", False),
    ("arn:aws:ssm:eu::p/*", "arn:aws:ssm:eu::p/a/b", True),
    ("arn:aws:ssm:eu::p/*", "arn:aws:ssm:eu::p/a:b", False),
    ("arn:aws:ssm:eu::p/*", "arn:aws:ssm:eu::p/", False),
    # those of others may
    ("arn:aws:sns:eu::t/*", "arn:aws:sns:eu::t/a:b", True),
    ("arn:aws:sns:eu::t/*", "arn:aws:sns:eu::t/", False),
    ("arn:aws:s3:eu::accesspoint/*", "arn:aws:s3:eu::accesspoint/a:b", True),
    ("arn:aws:s3:eu:111122223333:*", "arn:aws:s3:eu:111122223333:job", True),
    ("arn:aws:s3::111122223333:*", "arn:aws:s3::111122223333:a/b", True),
    ("arn:aws:s3:eu:111122223333:accesspoint/a/*", "arn:aws:s3:eu:111122223333:accesspoint/a/", False),
    ("arn:aws:s3:eu:111122223333:?", "arn:aws:s3:eu:111122223333:/", True),
    ("arn:aws:sns:::a/b/*", "arn:aws:sns:::a/b/", False),
    # colons of a key are no fields
    ("arn:aws:s3:::b/a:*", "arn:aws:s3:::b/a:x:y", True),
    ("arn:aws:s3:::b/a:b:c:*", "arn:aws:s3:::b/a:b:c:", True),
    ("arn:aws:s3:::b/a:b:c:*", "arn:aws:s3:::b/a:b:d:", False),
    ("arn:aws:s3:::bX*", "arn:aws:s3:::b/k", False),
    # the first slash may be what a wildcard stands for
    ("arn:aws:s3:::a?b", "arn:aws:s3:::axb", True),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::a/b", True),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::a/xb", False),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::ax/b", False),
    ("arn:aws:s3:::a?b", "arn:aws:s3:::a/", False),
    ("arn:aws:s3:::a?b/c", "arn:aws:s3:::a/b/c", True),
    ("arn:aws:s3:::a?bc", "arn:aws:s3:::a/bc", True),
    ("arn:aws:s3:::a*b", "arn:aws:s3:::axx/yyb", True),
    ("arn:aws:s3:::a*b", "arn:aws:s3:::a/b", True),
    ("arn:aws:s3:::a*b", "arn:aws:s3:::axx/yy", False),
    ("arn:aws:s3:::aX?", "arn:aws:s3:::aX", False),
    # a part of a name may be empty, a whole one not, whatever letters stand beside the star
    ("arn:aws:s3:::b/X*", "arn:aws:s3:::b/y", False),
    ("arn:aws:s3:::b/*X", "arn:aws:s3:::b/X", True),
    ("arn:aws:sns:eu::t/*X", "arn:aws:sns:eu::t/X", True),
    # a short one is completed like a policy's
    ("arn:aws:ec2:*", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:e*:1", "arn:aws:ec2:eu:1:i", True),
    ("arn:aws:ec2:e*:1", "arn:aws:ec2:eu:2:i", False),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), DENOTED)
def test_a_required_pattern_denotes_real_resources(pattern: str, name: str, expected: bool) -> None:
    assert wanted(pattern).automaton.accepts_text(name) is expected


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("arn:aws:s3:::*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::bc", True),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::?", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::*/*", "arn:aws:s3:::b/k/l", True),
        ("arn:aws:s3:::*/a", "arn:aws:s3:::b/a", True),
        ("arn:aws:s3:::*/a", "arn:aws:s3:::b/x/a", False),
    ],
)
def test_a_wildcard_in_a_bucket_can_be_a_part_of_its_name_alone(pattern: str, name: str, expected: bool) -> None:
    assert wanted(pattern, one_bucket=True).automaton.accepts_text(name) is expected


@pytest.mark.parametrize(
    ("text", "literal", "is_literal", "name", "prefix"),
    [
        ("*", False, True, "*", "*"),
        ("***", False, True, "*", "*"),
        ("**", True, True, "*", "*"),
        ("arn:aws:s3:::b", False, True, "arn:aws:s3:::b", "arn:aws:s3:::b"),
        ("arn:aws:s3:::b*", True, True, "arn:aws:s3:::b*", "arn:aws:s3:::b*"),
        ("arn:aws:s3:::b?", True, True, "arn:aws:s3:::b?", "arn:aws:s3:::b?"),
        ("arn:aws:s3:::b*", False, False, "arn:aws:s3:::b*", "arn:aws:s3:::b"),
        ("arn:aws:s3:::?b*", False, False, "arn:aws:s3:::?b*", "arn:aws:s3:::"),
        ("arn:aws:s3:::b/*", False, False, "arn:aws:s3:::b/*", "arn:aws:s3:::b/"),
    ],
)
def test_a_required_pattern_without_wildcards_is_one_resource(
    text: str, literal: bool, is_literal: bool, name: str, prefix: str
) -> None:
    want = wanted(text, literal=literal)
    assert (want.is_literal, want.text, want.names, want.prefix) == (is_literal, name, (name,), prefix)
    assert want.automaton.accepts_text(name)


def test_all_buckets_have_two_names_or_one() -> None:
    assert all_buckets("aws", by_arn=True).names == ("*", "arn:aws:s3:::*")
    assert all_buckets("aws-cn", by_arn=True).names == ("*", "arn:aws-cn:s3:::*")
    assert all_buckets("aws", by_arn=False).names == ("*",)
    assert all_buckets("aws", by_arn=True).is_literal
    assert all_buckets("aws", by_arn=True).text == "*"


# --- how the two stand to each other ---

COVERS, DISJOINT, OPEN = Relation.COVERS, Relation.DISJOINT, Relation.OPEN
RELATIONS = [
    # one resource
    ("arn:aws:s3:::b", "arn:aws:s3:::b", COVERS),
    ("arn:aws:s3:::*", "arn:aws:s3:::b", COVERS),
    ("arn:aws:s3:::?", "arn:aws:s3:::b", COVERS),
    ("arn:aws:s3:::c", "arn:aws:s3:::b", DISJOINT),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", DISJOINT),
    ("*", "*", COVERS),
    ("**", "*", COVERS),
    ("arn:aws:s3:::*", "*", DISJOINT),
    # a prefix
    ("*", "arn:aws:s3:::b/*", COVERS),
    ("arn:aws:s3:::*", "arn:aws:s3:::b/*", COVERS),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", COVERS),
    ("arn:aws:s3:::b*", "arn:aws:s3:::b/*", COVERS),
    ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", OPEN),
    ("arn:aws:s3:::c*", "arn:aws:s3:::b/*", DISJOINT),
    ("arn:aws:s3:::bc*", "arn:aws:s3:::b/*", DISJOINT),
    ("arn:aws:s3:::b/a*", "arn:aws:s3:::b/b*", DISJOINT),
    # one name against many resources
    ("arn:aws:s3:::b", "arn:aws:s3:::b/*", DISJOINT),
    ("arn:aws:s3:::b/", "arn:aws:s3:::b/*", OPEN),
    ("arn:aws:s3:::b/k", "arn:aws:s3:::b/*", OPEN),
    ("arn:aws:s3:::b/k", "arn:aws:s3:::c/*", DISJOINT),
    # field by field
    ("arn:*:s3:::b/*", "arn:aws:s3:::b/*", COVERS),
    ("arn:*:s3:::b/*", "arn:aws:s3:::b/x/*", COVERS),
    ("arn:*:s3:::b/*", "arn:aws:s3:::c/*", OPEN),
    ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:instance/*", COVERS),
    ("arn:aws:ec2:*:*:*", "arn:aws:ec2:eu-*:*:instance/*", COVERS),
    ("arn:aws:ec2:eu-*:*:*", "arn:aws:ec2:eu-*:*:instance/*", COVERS),
    ("arn:aws:ec2:eu-*:*:*", "arn:aws:ec2:eu-west-*:*:instance/*", COVERS),
    ("arn:aws:ec2:eu-west-*:*:*", "arn:aws:ec2:eu-*:*:instance/*", OPEN),
    ("arn:aws:ec2:e*1:*:*", "arn:aws:ec2:eu-*:*:instance/*", OPEN),
    ("arn:aws:ec2:e?-*:*:*", "arn:aws:ec2:eu-*:*:instance/*", OPEN),
    ("arn:aws:ec2:e*-*:*:*", "arn:aws:ec2:eu-*:*:instance/*", OPEN),
    ("arn:aws:ec2:*:111122223333:*", "arn:aws:ec2:*:*:instance/*", OPEN),
    ("arn:aws:ec2:*:111122223333:*", "arn:aws:ec2:*:111122223333:instance/*", COVERS),
    ("arn:aws:ec2:*:111122223333:*", "arn:aws:ec2:*::image/*", OPEN),
    ("arn:aws:ec2:*:*:*", "arn:aws:ec2:*::image/*", COVERS),
    ("arn:aws:ec2:*:instance/*", "arn:aws:ec2:*:*:instance/*", OPEN),
    ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*", OPEN),
    ("arn:aws:ec2", "arn:aws:ec2:*:*:instance/*", COVERS),
    ("arn:aws:s3:::b/?*", "arn:aws:s3:::b/*", OPEN),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), RELATIONS)
def test_ordinary_pairs_are_compared_without_a_search(pattern: str, text: str, expected: Relation) -> None:
    assert relation(resource(pattern), wanted(text)) is expected


MEETINGS = [
    ("*", "arn:aws:s3:::b/*", True),
    ("arn:aws:s3:::c", "arn:aws:s3:::b/*", False),
    ("arn:*:s3:::b/*", "arn:aws:s3:::*/*", True),
    ("arn:*:s3:::b", "arn:aws:s3:::*/*", True),  # a star that ends a field crosses colons
    ("arn:a*s:s3:::b", "arn:aws:s3:::*/*", False),
    ("arn:aws:s3:::*x", "arn:aws:s3:::b/?", True),
    ("arn:aws:s3:::*xx", "arn:aws:s3:::b/?", False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MEETINGS)
def test_whether_some_wanted_resource_matches(pattern: str, text: str, expected: bool) -> None:
    assert can_meet(resource_glob((pattern,)), wanted(text, one_bucket=True)) is expected


def test_what_takes_too_long_to_tell_may_meet() -> None:
    hostile = resource_glob(("arn:aws:s3:::b/" + "?x*" * 200 + "z",))
    assert can_meet(hostile, wanted("arn:aws:s3:::*/" + "y?*" * 200))


def test_a_glob_that_matches_any_name_of_a_resource_covers_it() -> None:
    both = all_buckets("aws", by_arn=True)
    assert relation(resource("arn:aws:s3:::*"), both) is COVERS
    assert relation(resource("*"), both) is COVERS
    assert relation(resource("arn:aws:s3:::b"), both) is DISJOINT
    assert relation(resource("arn:aws:s3:::*"), all_buckets("aws", by_arn=False)) is DISJOINT


def test_a_substituted_pattern_is_not_compared_by_its_text() -> None:
    glob = resource_glob(("arn:*:s3:::b/", Literal("*")))
    assert relation(glob, wanted("arn:aws:s3:::b/*")) is OPEN


_fields = st.text("ab*?:/", max_size=4)
_arns = st.builds(
    "arn:{}:{}:{}:{}:{}".format,
    st.sampled_from(["aws", "a*", "*", "a?s"]),
    st.sampled_from(["s3", "ec2", "sns"]),
    st.sampled_from(["", "*", "a", "a*", "?"]),
    st.sampled_from(["", "*", "1*", "111122223333"]),
    _fields,
)


@given(_arns, _arns)
def test_the_comparison_without_a_search_never_contradicts_the_search(pattern: str, text: str) -> None:
    glob, want = resource(pattern), wanted(text)
    told = relation(glob, want)
    if want.is_literal or told is OPEN:
        return
    found = {signature for signature, _ in signatures(want.automaton, [Automaton([glob.tokens])], Budget(10_000))}
    assert found == {(told is COVERS,)} or not found


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_a_pattern_matches_what_the_equal_regular_expression_does(pattern: str, text: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert (matches((pattern,), text) is ALWAYS) is bool(re.fullmatch(expression, text))


# --- what AWS refuses ---


@pytest.mark.parametrize(
    "text", ["*", "s3:*", "s3:Get*", "s3:GetObject", "S3:?et*", "a4b:x", "aws-marketplace:Subscribe", "s3:a_b-c"]
)
def test_an_action_that_is_one_has_no_problem(text: str) -> None:
    assert action_problem(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is neither "*" nor of the form "service:Action"'),
        ("**", '"**" is neither "*" nor of the form "service:Action"'),
        ("GetObject", '"GetObject" is neither "*" nor of the form "service:Action"'),
        ("s3:", '"s3:" is neither "*" nor of the form "service:Action"'),
        (":x", '":x" is neither "*" nor of the form "service:Action"'),
        ("s3:Get:x", '"s3:Get:x" is neither "*" nor of the form "service:Action"'),
        ("s3:*:x", '"s3:*:x" is neither "*" nor of the form "service:Action"'),
        ("s3:Get x", '"s3:Get x" is neither "*" nor of the form "service:Action"'),
        ("s3:GetObject\n", '"s3:GetObject\n" is neither "*" nor of the form "service:Action"'),
        ("s*:x", '"s*:x" has a wildcard in the service; write one service, for example "s3:*", or "*"'),
        ("?3:x", '"?3:x" has a wildcard in the service; write one service, for example "s3:*", or "*"'),
        ("*:*", '"*:*" has a wildcard in the service; write one service, for example "s3:*", or "*"'),
    ],
)
def test_an_action_that_is_none_has_a_problem(text: str, message: str) -> None:
    assert action_problem(text) == message


@pytest.mark.parametrize(
    "text",
    ["*", "**", "arn:aws:s3:::b", "arn:aws:s3", "arn:*:s3:::b", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::b:${x}"],
)
@pytest.mark.parametrize("has_variables", [True, False])
def test_a_resource_that_is_one_has_no_problem(text: str, has_variables: bool) -> None:
    assert resource_problem(text, has_variables=has_variables) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"" is neither "*" nor an ARN; did you mean "arn:aws:s3:::BUCKET"?'),
        ("b/*", '"b/*" is neither "*" nor an ARN; did you mean "arn:aws:s3:::b/*"?'),
        ("ARN:aws:s3:::b", '"ARN:aws:s3:::b" is neither "*" nor an ARN; it begins with arn: and has six fields'),
        ("arn:aws", '"arn:aws" is neither "*" nor an ARN; did you mean "arn:aws:s3:::BUCKET"?'),
        ("${bucket_arn}/*", '"${bucket_arn}/*" is neither "*" nor an ARN; a placeholder stands there: write the ARN'),
        ("<bucket arn>", '"<bucket arn>" is neither "*" nor an ARN; a placeholder stands there: write the ARN'),
        ("arn::s3:::b", '"arn::s3:::b" names no partition; write for example "arn:aws:s3:::BUCKET"'),
        ("arn:aws::::b", '"arn:aws::::b" names no service; write for example "arn:aws:s3:::BUCKET"'),
        (
            "arn:aws:s*:::b",
            '"arn:aws:s*:::b" has a wildcard in the service; write one service, for example "arn:aws:s3:::*"',
        ),
        (
            "arn:aws:s?:::b",
            '"arn:aws:s?:::b" has a wildcard in the service; write one service, for example "arn:aws:s3:::*"',
        ),
    ],
)
def test_a_resource_that_is_none_has_a_problem(text: str, message: str) -> None:
    assert resource_problem(text, has_variables=False) == message


@pytest.mark.parametrize(
    "text", ["arn:${x}:s3:::b", "arn:aws:s3:${x}::b", "arn:aws:s3::${x}:b", "arn:aws:${x}:::b", "arn:aws:s3:${x}"]
)
def test_a_variable_before_the_fifth_colon_is_a_problem_where_variables_are_known(text: str) -> None:
    message = f'"{text}" has a policy variable before the fifth colon, where AWS allows none'
    assert resource_problem(text, has_variables=True) == message
    assert resource_problem(text, has_variables=False) is None
