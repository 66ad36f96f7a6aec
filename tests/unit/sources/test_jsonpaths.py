"""JSONPaths of places in a text, compared with what jsonpath-ng finds there."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonpath_ng.parser import parse

from pytest_veeam_iam.sources.jsonpaths import jsonpaths

KEYS = st.text(st.sampled_from("aZ_0 .-/:[]$*"), max_size=5)
"""What jsonpath-ng reads between quotes: it does not know the escapes of JSON."""
MARKED = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(['a"b', "]", "{x", "\\", ","]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def _objects(value: Any, marks: list[str]) -> Any:
    """Return a value in which every object has a mark of its own."""
    if isinstance(value, dict):
        marks.append(f"mark-{len(marks)}")
        mark = marks[-1]
        return {"id": mark, **{f"k{key}": _objects(each, marks) for key, each in value.items()}}
    return [_objects(each, marks) for each in value] if isinstance(value, list) else value


@given(MARKED, st.sampled_from([None, 2]))
def test_a_path_leads_to_the_object_that_begins_there(value: Any, indent: int | None) -> None:
    marks: list[str] = []
    document = {"top": _objects(value, marks)}
    text = json.dumps(document, indent=indent)
    offsets = {mark: text.rindex("{", 0, text.index(f'"id": "{mark}"')) for mark in marks}
    found = jsonpaths(text, offsets.values())
    for mark, offset in offsets.items():
        (match,) = parse(found[offset]).find(document)
        assert match.value["id"] == mark


def test_a_place_within_a_string_has_the_path_of_the_string() -> None:
    text = '{"a": [1, {"policy": "{\\"Statement\\": []}"}], "b": 1}'
    assert jsonpaths(text, [text.index("Statement")]) == {text.index("Statement"): "$.a[1].policy"}


def test_keys_that_are_no_names_are_quoted() -> None:
    text = '{"a b": {"c\\"d": [{}, {}]}}'
    offset = text.rindex("{")
    assert jsonpaths(text, [offset]) == {offset: '$["a b"]["c\\"d"][1]'}


def test_what_stands_in_no_value_has_no_path() -> None:
    assert jsonpaths("  {}", [0, 2]) == {2: "$"}
    assert jsonpaths("", [0]) == {}
    assert jsonpaths("[" * 2000, [1999]) == {}
