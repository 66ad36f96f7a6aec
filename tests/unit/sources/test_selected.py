"""Policies by JSONPath: what a match may be, which expressions are refused and why, and what a search may cost."""

from __future__ import annotations

import json
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Template, TextSource
from pytest_veeam_iam.sources import json_text, jsonpath, large_json, selected
from pytest_veeam_iam.sources.found import Bindings, Reading
from pytest_veeam_iam.sources.jsonpath import ExpressionError, Search
from tests.unit.sources.infrastructure_examples import cases, described, expected, found_in, tree_of_case

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Found

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def tree(value: object) -> Node:
    return json_text.parse(TextSource("file.json", json.dumps(value, indent=1)))


def how(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case / "select.json").read_text("utf-8"))
    return found


def read(node: Node, case: Path, **bindings: str) -> list[Found]:
    chosen = how(case)
    if "paths" in chosen:
        return selected.select(node, chosen["paths"])
    return selected.read_preset(node, Reading(Bindings(bindings)), chosen["preset"])


@pytest.mark.parametrize("case", cases("selected"), ids=lambda case: case.name)
@pytest.mark.parametrize("is_large", [False, True])
def test_every_example_has_the_policies_that_are_expected(
    case: Path, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_json, "LARGE", 0 if is_large else large_json.LARGE)
    assert found_in(tree_of_case(case), lambda node, _: read(node, case)) == expected(case)


DOCUMENT: dict[str, Any] = {
    "a": {"b": [{"type": "x", "n": 1, "p": POLICY}, {"type": "y", "n": 2, "q": True}, {"type": "xy", "n": 0}]},
    "*": {"star": 1},
    "with space": {"x": [10, 20, 30]},
    "text": "x" * 40,
}

PATHS = [
    ("$", [()]),
    ("$.a", [("a",)]),
    ("a", [("a",)]),
    ("$.a.b[*].p", [("a", "b", 0, "p")]),
    ("$.a.b[0].p", [("a", "b", 0, "p")]),
    ("$.a.b[-1].n", [("a", "b", 2, "n")]),
    ("$.a.b[0:2].n", [("a", "b", 0, "n"), ("a", "b", 1, "n")]),
    ("$..p", [("a", "b", 0, "p")]),
    ("$.a.b[?(@.type == 'y')].n", [("a", "b", 1, "n")]),
    ("$.a.b[?(@.n > 1)].type", [("a", "b", 1, "type")]),
    ("$.a.b[?(@.q == true)].type", [("a", "b", 1, "type")]),
    ("$.a.b[?(@.q)].type", [("a", "b", 1, "type")]),
    ("$.a.b[?(@.type =~ '^x')].type", [("a", "b", 0, "type"), ("a", "b", 2, "type")]),
    ("$.a.b[?(@.type =~ '^(x|y)$')].type", [("a", "b", 0, "type"), ("a", "b", 1, "type")]),
    ("$.a.b[?(@.n > 0 & @.type == 'y')].type", [("a", "b", 1, "type")]),
    ("$.'with space'.x[1]", [("with space", "x", 1)]),
    ("$['with space'].x[1]", [("with space", "x", 1)]),
    ("$.a.b[*].p.`parent`.type", [("a", "b", 0, "type")]),
    ("$.a.b[*] where p", [("a", "b", 0)]),
    ("$.a.b[*].p.Statement[*]", [("a", "b", 0, "p", "Statement", 0)]),
    ("$.none", []),
    ("$.a.b.type", []),
    ("$.text.x", []),
]


@pytest.mark.parametrize(("expression", "places"), PATHS)
def test_a_path_leads_to_places_in_the_document(expression: str, places: list[tuple[str | int, ...]]) -> None:
    before = json.dumps(DOCUMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what a later jsonpath-ng deprecates is no concern of the user's
        assert Search(DOCUMENT).find(expression) == places
    assert json.dumps(DOCUMENT) == before


def test_our_own_paths_are_searched_without_a_copy() -> None:
    assert jsonpath.find(DOCUMENT, "$.a.b[*].p") == [("a", "b", 0, "p")]


def test_a_match_is_found_once() -> None:
    assert Search(DOCUMENT).find("$..b..p") == [("a", "b", 0, "p")]


REFUSED = [
    ("a union", "$.a | $.b", 'joins paths with "|"'),
    ("a union in brackets", "$.(a|b)", 'joins paths with "|"'),
    ("no path", "", "cannot be searched for"),
    ("half a path", "$.a[", "cannot be searched for"),
    ("half a string", "$.'a", "cannot be searched for"),
    ("a strange character", "$.a^b", "cannot be searched for"),
    ("an intersection", "$.a & $.b", "uses Intersect"),
    ("a sum", "$.a.b[0].n + 1", "uses Operation"),
    ("a product in a filter", "$.a.b[?(@.type * 1000000000 == 1)]", "uses Operation"),
    ("a sorted list", "$.a.b.`sorted`", "uses `sorted`"),
    ("a list sorted by a member", "$.a.b[/n]", "uses SortedThis"),
    ("a substitution", "$.text.`sub(/(x+x+)+y/, z)`", "uses `sub(/(x+x+)+y/, z)`"),
    ("a split", "$.text.`split(x, 0, -1)`", "uses `split(x, 0, -1)`"),
    ("an unknown operator", "$.a.`nothing`", "uses `nothing`"),
    ("the parent of the root", "$.`parent`", "cannot be searched for: AssertionError"),
    ("a length", "$.a.b.`len`", "matches a value that does not stand in the file"),
    ("a pattern that is none", "$.a.b[?(@.type =~ '(')]", "cannot be searched for: "),
    ("a pattern of a number", "$.a.b[?(@.type =~ 5)]", "has a pattern that is no text"),
    ("a pattern with a repeated group", "$.a.b[?(@.type =~ '(x+)+y')]", "could take very long"),
    ("a pattern with many repeats", "$.a.b[?(@.type =~ 'x*x*x*x*y')]", "could take very long"),
    ("a pattern that refers back", "$.a.b[?(@.type =~ '(x)\\\\\\\\1')]", "could take very long"),
    ("a long pattern", f"$.a.b[?(@.type =~ '{'x' * 201}')]", "has a pattern of more than 200 characters"),
    ("a long path", "$" + ".a" * 500, "has 1,001 characters, expected at most 1,000"),
    ("many steps down", "$" + "..*" * 12, "takes too many steps"),
]


@pytest.mark.parametrize(("expression", "why"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_an_expression_that_is_no_path_or_not_safe_is_refused(expression: str, why: str) -> None:
    deep: Any = DOCUMENT
    for _ in range(20):
        deep = {"a": deep, "b": deep["a"] if "b" not in deep else [1]}
    started = time.process_time()
    with pytest.raises(PolicyLoadError) as caught:
        selected.select(tree(deep if "steps" in why else DOCUMENT), [expression])
    assert time.process_time() - started < 60
    assert caught.value.path == "file.json"
    assert caught.value.why.startswith(f"the JSONPath {expression} ")
    assert why in caught.value.why
    assert caught.value.remedy


def test_a_deep_chain_of_steps_is_no_crash() -> None:
    with pytest.raises(PolicyLoadError, match=r"matches nothing|cannot be searched for"):
        selected.select(tree(DOCUMENT), ["$" + ".a" * 499])


def test_a_path_without_a_match_is_an_error() -> None:
    with pytest.raises(PolicyLoadError, match=r"the JSONPath \$\.b matches nothing in this file; check it"):
        selected.select(tree({"a": POLICY}), ["$.a", "$.b"])


def test_a_preset_without_a_match_is_an_error() -> None:
    with pytest.raises(PolicyLoadError, match="none of the 4 JSONPaths of crossplane matches"):
        selected.read_preset(tree({"a": POLICY}), Reading(), "crossplane")


def test_the_whole_document_has_no_name() -> None:
    (found,) = selected.select(tree(POLICY), ["$"])
    assert (found.entity, found.node.location.line) == (None, 1)


def test_a_list_of_documents_is_none() -> None:
    (found,) = selected.select(tree([POLICY]), ["$"])
    assert isinstance(found.node.value, list)


def test_a_bound_value_is_put_in() -> None:
    case = next(case for case in cases("selected") if case.name == "serverless")
    first, second = described(read(tree_of_case(case), case, **{"self:custom.bucket": "acme-veeam"})[0])["statements"]
    assert first["Resource"] == "arn:aws:s3:::acme-veeam/*"
    assert second["Resource"] == ["arn:aws:s3:::${opt:stage, 'dev'}-${aws:username}"]


TEXTS = [
    ("{{ lookup('template', 'p.j2') }}", "${lookup('template', 'p.j2')}"),
    ('{"Version": "2012-10-17", "Statement": {{ statements | to_json }}}', [{"statement": "${statements | to_json}"}]),
    (json.dumps(POLICY), [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]),
]


@pytest.mark.parametrize(("text", "statements"), TEXTS)
def test_what_a_tool_fills_in_may_stand_anywhere_in_a_text(text: str, statements: Any) -> None:
    (found,) = selected.read_preset(tree([{"iam_policy": {"policy_json": text}}]), Reading(), "ansible")
    if isinstance(found.node.value, Template):
        assert str(found.node.value) == statements
        return
    listed = described(found)["statements"]
    assert [{key: each[key] for key in each if key not in ("line", "column")} for each in listed] == statements


@given(st.text(alphabet="$.[]()*?@'\"`=~|&!<>:,-+/\\ab01 \n{}^%#", max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_text_is_an_expression_that_crashes(expression: str) -> None:
    try:
        places = Search(DOCUMENT).find(expression)
    except ExpressionError:
        return
    for place in places:
        value: Any = DOCUMENT
        for step in place:
            value = value[step]


def test_a_file_that_is_nested_too_deeply_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_json, "LARGE", 0)
    text = '{"a": ' * 5_000 + "1" + "}" * 5_000
    with pytest.raises(PolicyLoadError, match=r"nesting|recursion"):  # Python 3.13 reads it, and cannot walk it
        selected.select(large_json.parse(TextSource("file.json", text)), ["$..b"])
