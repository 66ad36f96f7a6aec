"""An ARN is written as an entry beside it that is about the same bucket, whatever expression that is."""

from __future__ import annotations

import pytest

from pytest_veeam_iam.iam.tree import Location, Template, Token
from pytest_veeam_iam.repair.arns import Neighbour, Place, written

BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"
TOKEN = Token("x", Location("main.tf"))


@pytest.mark.parametrize(
    ("place", "bucket", "objects"),
    [
        ("hcl", "aws_s3_bucket.repo.arn", '"${aws_s3_bucket.repo.arn}/*"'),
        ("hcl", 'module.repo["a"].arn', '"${module.repo["a"].arn}/*"'),
        ("hcl", '"arn:aws:s3:::${var.name}"', '"arn:aws:s3:::${var.name}/*"'),
        ("heredoc", '"${aws_s3_bucket.repo.arn}"', '"${aws_s3_bucket.repo.arn}/*"'),
        ("json", '{"Fn::GetAtt": ["Repo", "Arn"]}', '{"Fn::Sub": "${Repo.Arn}/*"}'),
        ("json", '{"Fn::Sub": "arn:aws:s3:::${Name}"}', '{"Fn::Sub": "arn:aws:s3:::${Name}/*"}'),
        ("json", '"arn:aws:s3:::acme-veeam"', '"arn:aws:s3:::acme-veeam/*"'),
        ("yaml", "!GetAtt Repo.Arn", '!Sub "${Repo.Arn}/*"'),
        ("yaml", "!Sub arn:aws:s3:::${Name}", "!Sub arn:aws:s3:::${Name}/*"),
        ("yaml", "!Sub 'arn:aws:s3:::${Name}'", "!Sub 'arn:aws:s3:::${Name}/*'"),
        ("yaml", "'arn:aws:s3:::acme-veeam'", "'arn:aws:s3:::acme-veeam/*'"),
    ],
)
def test_an_expression_of_the_bucket_gives_that_of_its_objects_and_back(
    place: Place, bucket: str, objects: str
) -> None:
    beside = Neighbour(BUCKET, bucket, Template((TOKEN,)))
    found = written(OBJECTS, place, [beside], (), '"')
    assert (found.source, found.pieces) == (objects, (TOKEN, "/*"))
    assert written(BUCKET, place, [beside], (), '"').source == bucket
    if '["a"]' not in bucket:
        beside = Neighbour(OBJECTS, objects, Template((TOKEN, "/*")))
        found = written(BUCKET, place, [beside], (), '"')
        assert (found.source, found.pieces) == (bucket, (TOKEN,))


@pytest.mark.parametrize(
    ("place", "source"),
    [("hcl", 'join("", [x, y])'), ("json", '{"Fn::Join": ["", ["a", "b"]]}'), ("yaml", "!Join ['', [a, b]]")],
)
def test_an_expression_of_another_kind_is_used_for_itself_alone(place: Place, source: str) -> None:
    beside = Neighbour(BUCKET, source, Template((TOKEN,)))
    assert written(BUCKET, place, [beside], (), '"').source == source
    assert written(OBJECTS, place, [beside], (), '"').source in (f'"{OBJECTS}"', OBJECTS)


def test_another_bucket_or_a_pattern_of_buckets_is_no_help() -> None:
    others = [
        Neighbour("arn:aws:s3:::acme", "a", Template((TOKEN,))),
        Neighbour("arn:aws:s3:::*", "b", "arn:aws:s3:::*"),
    ]
    assert written(OBJECTS, "hcl", others, (), '"').source == f'"{OBJECTS}"'


@pytest.mark.parametrize(
    ("place", "bucket", "objects"),
    [
        ("hcl", "aws_s3_bucket.repo.arn", '"${aws_s3_bucket.repo.arn}/*"'),
        ("heredoc", '"${aws_s3_bucket.repo.arn}"', '"${aws_s3_bucket.repo.arn}/*"'),
    ],
)
def test_a_bucket_of_the_template_needs_no_entry_beside_it(place: Place, bucket: str, objects: str) -> None:
    symbol = "tf:aws_s3_bucket.repo"
    assert written(f"arn:aws:s3:::{symbol}", place, [], (), '"').source == bucket
    assert written(f"arn:aws:s3:::{symbol}/*", place, [], (), '"').source == objects
    assert written(OBJECTS, place, [], ((symbol, "acme-veeam"),), '"').source == objects
    assert written(OBJECTS, place, [], ((symbol, "acme-other"), (symbol, None)), '"').source == f'"{OBJECTS}"'


def test_a_bucket_of_a_cloudformation_template_needs_none_either() -> None:
    arn = "arn:aws:s3:::cfn:Repo"
    assert written(arn, "yaml", [], (), "").source == "!GetAtt Repo.Arn"
    assert written(f"{arn}/*", "yaml", [], (), "").source == '!Sub "${Repo.Arn}/*"'
    assert written(arn, "json", [], (), '"').source == '{"Fn::GetAtt": ["Repo", "Arn"]}'
    assert written(f"{arn}/*", "json", [], (), '"').source == '{"Fn::Sub": "${Repo.Arn}/*"}'
