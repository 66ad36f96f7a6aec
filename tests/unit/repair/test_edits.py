"""Lists that gain and lose items: commas, comments and lines stay as they are; ``|`` shows where items begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.repair.edits import Splice, list_splices, spliced, wrapped, wrapped_in_lines

if TYPE_CHECKING:
    from pytest_veeam_iam.sources.extents import Syntax


def changed(marked: str, syntax: Syntax, gone: set[int], new: list[str]) -> str | None:
    """Return a text after its list, whose items begin at the marks, was changed."""
    text, items = "", []
    for part in marked.split("|"):
        text += part
        items.append(len(text))
    at = text.index("[") if "[" in text else items[0] - 2
    splices = list_splices(text, syntax, at, items[:-1], frozenset(gone), new)
    return None if splices is None else spliced(text, splices)


@pytest.mark.parametrize(
    ("before", "syntax", "gone", "new", "after"),
    [
        ('[|"a", |"b"]', "json", set(), ['"c"'], '["a", "b", "c"]'),
        ('[|"a",|"b"]', "json", set(), ['"c"', '"d"'], '["a","b","c","d"]'),
        ('[|"a"]', "json", set(), ['"c"'], '["a","c"]'),
        ("[]", "json", set(), ['"c"', '"d"'], '["c","d"]'),
        ("[ # x\n]", "yaml", set(), ["c"], None),
        ('[|"a", |"b"]', "json", {0}, [], '["b"]'),
        ('[|"a", |"b"]', "json", {1}, [], '["a"]'),
        ('[|"a", |"b"]', "json", {0, 1}, ['"c"'], '["c"]'),
        ('[|"a", |"b"]', "json", {0, 1}, [], None),
        ('[|"a", |"b", |"c"]', "json", {1}, ['"d"'], '["a", "c", "d"]'),
        ('[|"a", |"b", |"c"]', "json", {1, 2}, ['"d"'], '["a", "d"]'),
        ('[\n  |"a",\n  |"b"\n]', "json", set(), ['"c"'], '[\n  "a",\n  "b",\n  "c"\n]'),
        ('[\n  |"a",\n  |"b"\n]', "json", {1}, [], '[\n  "a"\n]'),
        ('[\n  |"a",\n  |"b"\n]', "json", {0}, [], '[\n  "b"\n]'),
        ('[\n  |"a",\n  |"b"\n]', "json", {1}, ['"c"'], '[\n  "a",\n  "c"\n]'),
        ('[\n  |"a", # x\n  |"b" # y\n]', "hcl", set(), ['"c"'], '[\n  "a", # x\n  "b", # y\n  "c"\n]'),
        ('[\n  |"a", # x\n  |"b", # y\n]', "hcl", set(), ['"c"'], '[\n  "a", # x\n  "b", # y\n  "c",\n]'),
        ('[\n  |"a", // x\n  |"b", /* y */\n]', "hcl", {1}, ['"c"'], '[\n  "a", // x\n  "c",\n]'),
        ('[|"x", |"a",\n  |"b"]', "json", {0, 2}, ['"c"'], '["a", "c"]'),
        ('[|"a",\n  |"b"]', "json", {1}, [], '["a"]'),
        ('[|"a", # x\n  |"b"]', "hcl", {1}, [], None),
        ('[|"a",\n |"b"]', "json", set(), ['"c"'], '["a",\n "b",\n "c"]'),
        ('[\r\n  |"a"\r\n]', "json", set(), ['"c"'], '[\r\n  "a",\r\n  "c"\r\n]'),
        ("[|a, |'b'] # x", "yaml", set(), ["c"], "[a, 'b', c] # x"),
        ("- |a # x\n- |b\n", "yaml", set(), ["c", "d"], "- a # x\n- b\n- c\n- d\n"),
        ("- |a\n- |b # x", "yaml", set(), ["c"], "- a\n- b # x\n- c"),
        ("- |a\n- |b\n", "yaml", {0}, [], "- b\n"),
        ("- |a\n- |b\n", "yaml", {0, 1}, ["c"], "- c\n"),
        ("- |a\n", "yaml", {0}, [], None),
        ("- - |a\n", "yaml", set(), ["c"], None),
        ('[|"a", |"b", |"c"', "json", set(), ['"d"'], None),
    ],
)  # fmt: skip
def test_a_list(before: str, syntax: Syntax, gone: set[int], new: list[str], after: str | None) -> None:
    assert changed(before, syntax, gone, new) == after


def test_items_of_another_list_are_refused() -> None:
    assert list_splices('["a"] ["b"]', "json", 0, [7], frozenset(), ['"c"']) is None
    assert list_splices('{"a": 1}', "json", 0, [], frozenset(), ['"c"']) is None


def test_a_single_value_becomes_a_list() -> None:
    assert spliced("a = b # x", wrapped("a = b # x", "hcl", 4, ["c"])) == "a = [b, c] # x"
    assert spliced('{"a":"b"}', wrapped('{"a":"b"}', "json", 5, ['"c"'])) == '{"a":["b","c"]}'


def test_a_single_value_of_yaml_becomes_lines() -> None:
    text = "- a:  b # x\n  c: d"
    splices = wrapped_in_lines(text, 2, 6, ["e"], indent="  ")
    assert splices is not None
    assert spliced(text, splices) == "- a:\n    - b # x\n    - e\n  c: d"
    assert wrapped_in_lines("a:\n  b", 0, 5, ["e"], indent="  ") is None


def test_changes_are_made_in_their_order() -> None:
    assert spliced("abc", [Splice(2, 3, "C"), Splice(0, 0, "x"), Splice(0, 1, "A")]) == "xAbC"
