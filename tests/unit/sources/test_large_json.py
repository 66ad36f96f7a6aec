"""Large JSON texts: the values and places that the strict reader finds, its strictness where it matters, its speed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources import json_text, large_json
from pytest_veeam_iam.sources.large_json import LargeDocument
from pytest_veeam_iam.sources.outline import TreeOutline, has, outline_of
from tests.unit.sources.infrastructure_examples import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.outline import Path


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_json, "LARGE", 0)


def read(text: str) -> Node:
    return large_json.parse(TextSource("large.json", text))


def places(value: object, place: Path = ()) -> Iterator[Path]:
    yield place
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*place, step))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=4), children, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 0, 2]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_value_is_found_where_the_strict_reader_finds_it(
    value: object, indent: int | None, escaped: bool
) -> None:
    text = f" {json.dumps(value, indent=indent, ensure_ascii=escaped)}\n"
    source = TextSource("large.json", text)
    document = LargeDocument(source)
    strict = TreeOutline(json_text.parse(source))
    assert document.plain == value == strict.plain
    for place in places(value):
        node, other = document.node(place), strict.node(place)
        assert (node.offset, plain(node)) == (other.offset, plain(other))
        assert has(document, *place) is has(json_text.parse(source), *place) is True


def test_the_outermost_value_is_a_node_like_any_other() -> None:
    document = read('\n {"a": [1, {"b": "c"}], "a": 2}')
    strict = json_text.parse(TextSource("large.json", '\n {"a": [1, {"b": "c"}], "a": 2}'))
    assert isinstance(document, LargeDocument)
    assert (plain(document), document.keys, document.location) == (plain(strict), strict.keys, strict.location)
    assert [each.again for each in document.duplicates] == [each.again for each in strict.duplicates]


def test_of_equal_keys_the_last_counts_everywhere() -> None:
    text = '{"a": {"x": 1}, "\\u0061": {"x": [2, {"b": 1, "b": 3}]}}'
    outline = outline_of(read(text))
    assert outline.plain == {"a": {"x": [2, {"b": 3}]}}
    assert outline.node(("a", "x", 1, "b")).offset == text.index("3")
    assert [each.key for each in outline.node(("a", "x", 1)).duplicates] == ["b"]


def test_a_small_text_is_read_strictly_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_json, "LARGE", 100)
    assert not isinstance(read("[]"), LargeDocument)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{", "[1,]", '{"a": 1,}', '{"a" 1}', "{a: 1}", "{1: 2}", '["a" "b"]', "[1}", '{"a": 1]', "[1] x",
        '{"a": NaN}', "[Infinity]", "[-Infinity]", "[01]", "['a']", '{"a": "\t"}', '[["a": 1]]', '{"a": tru}',
        '{"a": {"b": [1, 2}}', '{"a": [{"b": 1},, 2]}', '{"a":{"b":{"c":[NaN]}}}', "[" * 100_000,
        '{"a":' * 100_000, f"[{'1' * 5000}]",
    ],
)  # fmt: skip
def test_a_text_that_is_not_json_is_refused_as_the_strict_reader_does(text: str) -> None:
    with pytest.raises(PolicyLoadError) as strict:
        json_text.parse(TextSource("large.json", text))
    with pytest.raises(PolicyLoadError) as caught:
        read(text)
    assert str(caught.value) == str(strict.value)


PARTS = [
    ("half a surrogate pair", '{"a": {"b": "\\ud800"}}', "1:14: \\ud800 is one half"),
    ("an overlong number", f'{{"a": {{"b": {"1" * 2000}}}}}', "1:13: found a number of 2,000 digits"),
    ("deep nesting", f'{{"a": {{"b": {"[" * 120}{"]" * 120}}}}}', "found more than 100 levels"),
]


@pytest.mark.parametrize(("text", "why"), [pytest.param(*case[1:], id=case[0]) for case in PARTS])
def test_what_only_the_strict_reader_refuses_is_refused_where_a_node_is_asked_for(text: str, why: str) -> None:
    outline = outline_of(read(text))
    assert outline.plain
    with pytest.raises(PolicyLoadError) as caught:
        outline.node(("a",))
    assert why in str(caught.value)


def test_a_text_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_json, "MAX_VALUES", 5)
    assert isinstance(read("[1, 2, 3, 4]"), LargeDocument)
    with pytest.raises(PolicyLoadError, match="found more than 5 values"):
        read("[1, 2, 3, 4, 5]")
    assert isinstance(read('[",,,,,,,,,,,"]'), LargeDocument)


def test_a_part_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    outline = outline_of(read('{"a": [1, 2, 3, 4], "b": [1]}'))
    monkeypatch.setattr(json_text, "MAX_NODES", 3)
    assert plain(outline.node(("b",))) == [1]
    with pytest.raises(PolicyLoadError, match="1:12: found more than 3 values"):
        outline.node(("a",))


@given(st.text(alphabet='{}[]:,"\\ua1.-eE tfn\n', max_size=25))
@settings(max_examples=300, deadline=None)
def test_it_reads_what_the_strict_reader_reads(text: str) -> None:
    try:
        strict = plain(json_text.parse(TextSource("large.json", text)))
    except PolicyLoadError as refusal:
        strict = refusal.why
    try:
        found = outline_of(read(text)).plain
    except PolicyLoadError as refusal:
        assert refusal.why == strict  # noqa: PT017 - the same reason
        return
    assert found == strict or isinstance(strict, str)  # half a surrogate pair, which is refused on demand


def test_children_far_behind_are_reached_in_linear_time() -> None:
    count = 20_000
    text = json.dumps({"a": {"b": [{"c": [number, "x" * 20]} for number in range(count)]}})
    document = read(text)
    assert isinstance(document, LargeDocument)
    started = time.process_time()
    assert [plain(document.node(("a", "b", number, "c", 0))) for number in range(count)] == list(range(count))
    assert time.process_time() - started < 60


@given(st.text(min_size=1, max_size=12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_character_of_a_string_is_found_where_it_is_written(value: str, escaped: bool) -> None:
    source = TextSource("large.json", json.dumps([value, "after"], ensure_ascii=escaped))
    found = json_text.parse(source).value
    assert isinstance(found, list)
    offsets = json_text.character_offsets(source, found[0])
    places = [offsets + index for index in range(len(value))] if isinstance(offsets, int) else list(offsets)
    ends = [*places[1:], source.text.index('", "after"]')]
    assert [json.loads(f'"{source.text[a:b]}"') for a, b in zip(places, ends, strict=True)] == list(value)
