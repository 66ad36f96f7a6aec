"""Where a value stands: lines and columns whatever a line ends in, and what JSON calls a value."""

from __future__ import annotations

import pytest

from pytest_veeam_iam.iam.tree import Duplicate, Location, Node, NoLines, Number, TextSource


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_and_columns_are_counted_from_one(end: str) -> None:
    text = f"ab{end}{end}cd{end}"
    source = TextSource("p.json", text)
    assert source.locate(text.index("a")) == Location("p.json", 1, 1)
    assert source.locate(text.index("b")) == Location("p.json", 1, 2)
    assert source.locate(2) == Location("p.json", 1, 3)
    assert source.locate(2 + len(end)) == Location("p.json", 2, 1)
    assert source.locate(text.index("c")) == Location("p.json", 3, 1)
    assert source.locate(text.index("d")) == Location("p.json", 3, 2)
    assert source.locate(len(text)) == Location("p.json", 4, 1)


def test_both_characters_of_crlf_stand_on_the_line_that_they_end() -> None:
    source = TextSource("p.json", "a\r\nb")
    assert [(source.locate(offset).line, source.locate(offset).column) for offset in range(5)] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
        (2, 2),
    ]


def test_line_ends_can_be_mixed() -> None:
    source = TextSource("p.json", "a\rb\nc\r\nd\n\re")
    lines = {character: source.locate(source.text.index(character)).line for character in "abcde"}
    assert lines == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 6}


def test_only_lf_and_cr_end_a_line() -> None:
    text = "a\x0bb\x0cc\x85d\u2028e"
    assert TextSource("p.json", text).locate(text.index("e")) == Location("p.json", 1, 9)


def test_columns_count_characters_and_not_bytes() -> None:
    assert TextSource("p.json", "\u00e4\U0001f600x").locate(2) == Location("p.json", 1, 3)


def test_an_empty_text_has_one_line() -> None:
    assert TextSource("p.json", "").locate(0) == Location("p.json", 1, 1)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("a/b.json"), "a/b.json"),
        (Location("a/b.json", 3), "a/b.json:3"),
        (Location("a/b.json", 3, 7), "a/b.json:3:7"),
    ],
)
def test_a_location_reads_as_editors_take_it(location: Location, text: str) -> None:
    assert str(location) == text


def test_what_was_never_text_has_no_lines() -> None:
    assert NoLines().locate(7) == Location("<mapping>")
    assert NoLines("x").locate(7) == Location("x")


def test_a_node_knows_where_it_and_its_keys_begin() -> None:
    source = TextSource("p.json", '{"a":\n 1}')
    node = Node({"a": Node(Number("1"), source, 7)}, source, 0, {"a": 1})
    assert isinstance(node.value, dict)
    assert str(node.location) == "p.json:1:1"
    assert str(node.value["a"].location) == "p.json:2:2"
    assert str(node.key_location("a")) == "p.json:1:2"
    assert str(node.key_location("b")) == "p.json:1:1"


def test_a_node_is_one_value_and_has_no_duplicates_by_default() -> None:
    source = NoLines()
    assert Node("a", source) != Node("a", source)
    assert Node("a", source).duplicates == ()
    assert Node("a", source).keys is not Node("a", source).keys
    assert Duplicate("a", 1, 2) == Duplicate("a", 1, 2)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "a string"),
        (True, "the value true"),
        (False, "the value false"),
        (Number("1e2"), "a number"),
        (None, "the value null"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_a_value_is_called_what_json_calls_it(value: object, kind: str) -> None:
    assert Node(value, NoLines()).kind == kind  # type: ignore[arg-type]
