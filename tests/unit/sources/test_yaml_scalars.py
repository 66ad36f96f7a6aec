"""Where each character of a YAML scalar stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources import embedded, yaml_text
from pytest_veeam_iam.sources.yaml_scalars import character_offsets
from tests.examples_runner import plain

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.tree import Node


def places(text: str, value: str, offset: int = 3) -> str:
    """Return what stands in the text where each character of the value is said to stand."""
    found = character_offsets(text, offset, value)
    offsets = range(found, found + len(value)) if isinstance(found, int) else found
    assert len(offsets) == len(value)
    return "".join(text[at] if at < len(text) else "$" for at in offsets)


def scalar(text: str) -> Node:
    (tree,) = yaml_text.parse_all(TextSource("p.yaml", text))
    assert isinstance(tree.value, dict)
    return tree.value["a"]


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("a: b c", "b c"),
        ("a: 'b c'", "b c"),
        ('a: "b c"', "b c"),
        ("a: 'it''s'", "it's"),
        ("a: b\n  c\n\n  d", "b\nc\nd"),
        ("a: 'b\n  c\n\n\n  d'", "b\nc\n\nd"),
        ('a: "b \n  c"', "b c"),
        ('a: "b\\\n   c"', "bc"),
        ('a: "b\\n\\u0041\\x41\\U00000041\\t\\"c\\\\"', "b\\\\\\\\\\\\c\\"),
        ("a: |\n  b\n  c\n", "b\nc\n"),
        ("a: |\r\n  b\r\n  c\r\n", "b\rc\r"),
        ("a: |-\n\n  b\n\n   c", " b\n\n c"),
        ("a: |2\n    b\n   c\n", "  b\n c\n"),
        ("a: >\n  b\n  c\n\n  d\n", "b\nc\nd\n"),
        ("a: >-\n  b\n    c\n  d", "b\n  c\nd"),
        ("a: |+\n  b\n\n", "b\n\n"),
        ("a: | # comment\n  b\n", "b\n"),
        ("a: ''", ""),
        ("a: |\n", ""),
    ],
)
def test_each_character_stands_where_it_was_written(written: str, where: str) -> None:
    value = scalar(written).value
    assert isinstance(value, str)
    assert places(written, value) == where


def test_a_value_that_does_not_fit_has_the_last_place_that_does() -> None:
    assert character_offsets("a: |\n  b\n  c\n", 3, "b\nX") == [7, 8, 8]
    assert character_offsets("a: 'b'", 3, "b and more") == [4, 5, 5, 5, 5, 5, 5, 5, 5, 5]
    assert character_offsets("", 0, "b") == [0]
    assert character_offsets("a: |", 3, "b") == [3]


POLICY = '{"Statement": [\n  {"Sid": "a"},\n  {"Sid": "b"}\n]}'


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("a: |\n  " + POLICY.replace("\n", "\n  "), [3, 4]),
        ("a: >\n  " + POLICY.replace("\n  ", "\n").replace("\n", "\n  "), [3, 4]),
        ("a: '" + POLICY.replace("\n", "\n  ") + "'", [2, 3]),
        ('a: "' + POLICY.replace('"', '\\"').replace("\n", "\n  ") + '"', [2, 3]),
        ("a: !Sub\n  '" + POLICY.replace("\n", "\n  ") + "'", [3, 4]),
    ],
)
def test_json_in_a_scalar_has_the_lines_and_columns_of_the_file(written: str, lines: list[int]) -> None:
    node = scalar(written)
    if isinstance(node.value, dict):
        node = node.value["Fn::Sub"]
    document = embedded.decode(node)
    assert plain(document) == {"Statement": [{"Sid": "a"}, {"Sid": "b"}]}
    assert isinstance(document.value, dict)
    statements = document.value["Statement"].value
    assert isinstance(statements, list)
    assert [statement.location.line for statement in statements] == lines
    for statement in statements:
        place = statement.location
        assert place.line is not None
        assert place.column is not None
        assert written.split("\n")[place.line - 1][place.column - 1] == "{"


def test_json_that_is_broken_inside_a_scalar_is_refused_at_its_place() -> None:
    with pytest.raises(PolicyLoadError, match=r'^p.yaml:3:7: found a comma before "\]"'):
        embedded.decode(scalar("a: |\n  [1,\n     2,]\n"))


@given(
    st.text(st.sampled_from("ab '\"\\\n\t{}:#-\u00e9\U0001f600"), min_size=1, max_size=60),
    st.sampled_from(["'", '"', "|", ">"]),
    st.sampled_from([5, 20, 80]),
)
@settings(max_examples=300, deadline=None)
def test_every_visible_character_is_found_however_it_was_written(wished: str, style: str, width: int) -> None:
    text = yaml.safe_dump({"a": wished}, default_style=style, width=width, allow_unicode=True)
    value = yaml.safe_load(text)["a"]  # PyYAML writes some folded texts with a line end more
    (tree,) = yaml_text.parse_all(TextSource("p.yaml", text))
    assert isinstance(tree.value, dict)
    node = tree.value["a"]
    assert node.value == value
    where = places(text, value, node.offset)
    for character, written in zip(value, where, strict=True):
        assert character.isspace() or written in (character, "\\")
