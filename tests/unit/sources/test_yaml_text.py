"""YAML text to nodes: what is accepted, where each value stands, and what is said about a text that is not YAML."""

from __future__ import annotations

import builtins
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Duplicate, Node, TextSource
from pytest_veeam_iam.sources import json_text, yaml_text
from tests.examples_runner import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def read(text: str) -> Node:
    (node,) = yaml_text.parse_all(TextSource("p.yaml", text))
    return node


def nodes(node: Node) -> Iterator[Node]:
    yield node
    match node.value:
        case list() as items:
            for item in items:
                yield from nodes(item)
        case dict() as members:
            for member in members.values():
                yield from nodes(member)


def refusal(text: str) -> str:
    with pytest.raises(PolicyLoadError) as caught:
        read(text)
    return str(caught.value)


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.setattr(yaml_text, "_parser", lambda: yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")
    return str(request.param)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b", {"a": "b"}),
        ("- a\n- b", ["a", "b"]),
        ("[a, {b: c}, []]", ["a", {"b": "c"}, []]),
        ("Version: 2012-10-17", {"Version": "2012-10-17"}),
        ("[22:22, 0x1F, 010, 1e3, .inf, 1_000, yes, no, on, off, y]",
         ["22:22", "0x1F", "010", "1e3", ".inf", "1_000", "yes", "no", "on", "off", "y"]),
        ("[true, True, TRUE, false, False, FALSE]", [True, True, True, False, False, False]),
        ("[null, Null, NULL, ~]", [None, None, None, None]),
        ("a:\nb: ''", {"a": None, "b": ""}),
        ("['true', \"null\", '~', \"1\"]", ["true", "null", "~", "1"]),
        ("a: |\n  true\n", {"a": "true\n"}),
        ("true: a\nFalse: b", {"true": "a", "false": "b"}),
        ("s3:Get*: '*'", {"s3:Get*": "*"}),
        ("[!!str true, !!bool 'true', !!null '', !!int '1', ! true]", ["true", True, None, "1", "true"]),
        ("!!map {a: !!seq [b]}", {"a": ["b"]}),
        ("a: >-\n  b\n  c\n\n  d", {"a": "b c\nd"}),
        ("'<<': a", {"<<": "a"}),
        ('"\\0": a', {"\0": "a"}),
        ("? a\n: b", {"a": "b"}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("parser")
def test_a_yaml_text_becomes_its_values_without_types_that_nobody_wrote(text: str, value: Any) -> None:
    assert plain(read(text)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref a", {"Ref": "a"}),
        ("!Condition a", {"Condition": "a"}),
        ("!Sub 'a${b}'", {"Fn::Sub": "a${b}"}),
        ("!Sub [a, {b: c}]", {"Fn::Sub": ["a", {"b": "c"}]}),
        ("!GetAtt A.b", {"Fn::GetAtt": ["A", "b"]}),
        ("!GetAtt A.b.c", {"Fn::GetAtt": ["A", "b.c"]}),
        ("!GetAtt 'A.b'", {"Fn::GetAtt": ["A", "b"]}),
        ("!GetAtt [A, b]", {"Fn::GetAtt": ["A", "b"]}),
        ("!GetAtt A", {"Fn::GetAtt": "A"}),
        ("!If [a, !Ref b, !Ref c]", {"Fn::If": ["a", {"Ref": "b"}, {"Ref": "c"}]}),
        ("!If\n- a\n- b: !Join ['', [x]]\n- d", {"Fn::If": ["a", {"b": {"Fn::Join": ["", ["x"]]}}, "d"]}),
        ("!Transform {Name: a}", {"Fn::Transform": {"Name": "a"}}),
        ("!Sub |\n  a\n  b\n", {"Fn::Sub": "a\nb\n"}),
        ("!Ref", {"Ref": ""}),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_short_tag_of_cloudformation_becomes_the_long_form(text: str, value: Any) -> None:
    assert plain(read(text)) == value


@pytest.mark.usefixtures("parser")
def test_every_value_and_key_knows_its_line_and_column() -> None:
    tree = read(
        '# comment\n"a b": &x !Sub   "y"\r\nd:\n- e\n- {f: !If [g, h]}\n'
        "m: *x\nn: !If # why\n  - o\n\u00e9: \U0001f600\n"
    )
    assert isinstance(tree.value, dict)
    places = {str(plain(node)): (node.location.line, node.location.column) for node in nodes(tree)}
    assert places["y"] == (2, 18)
    assert places["e"] == (4, 3)
    assert places["{'f': {'Fn::If': ['g', 'h']}}"] == (5, 3)
    assert places["{'Fn::If': ['g', 'h']}"] == (5, 7)
    assert places["['g', 'h']"] == (5, 11)
    assert places["h"] == (5, 15)
    assert places["{'Fn::If': ['o']}"] == (7, 4)
    assert places["['o']"] == (8, 3)
    assert places["\U0001f600"] == (9, 4)
    assert tree.value["m"] is tree.value["a b"]
    assert [str(tree.key_location(key)) for key in tree.value] == [
        f"p.yaml:{line}:1" for line in (2, 3, 6, 7, 9)
    ]  # fmt: skip
    sub = tree.value["a b"]
    assert (sub.location.line, sub.location.column) == (2, 8)


def test_a_repeated_key_is_kept_with_both_places() -> None:
    tree = read("a: 1\nb: 2\na: 3\na: 4\n")
    assert plain(tree) == {"a": "4", "b": "2"}
    assert tree.duplicates == (Duplicate("a", 0, 10), Duplicate("a", 0, 15))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: c, d: e}\nf: {<<: *x, d: g}", {"b": "c", "d": "g"}),
        ("a: &x {b: c}\nf:\n  d: g\n  <<: *x", {"b": "c", "d": "g"}),
        ("a: &x {b: c}\ny: &y {b: z, h: i}\nf: {<<: [*x, *y]}", {"b": "c", "h": "i"}),
        ("a: &x {b: c}\ny: &y {<<: *x, d: e}\nf: {<<: *y}", {"b": "c", "d": "e"}),
        ("f: {<<: {b: c}}", {"b": "c"}),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_merge_key_brings_in_what_the_mapping_does_not_have_itself(text: str, value: Mapping[str, str]) -> None:
    tree = read(text)
    assert isinstance(tree.value, dict)
    assert plain(tree.value["f"]) == value
    assert tree.value["f"].duplicates == ()
    assert all(tree.value["f"].key_location(key).column for key in value)


def test_every_document_of_a_stream_is_read_and_sees_only_its_own_anchors() -> None:
    trees = yaml_text.parse_all(TextSource("p.yaml", "---\na: &x b\n---\n[c]\n...\n--- \n"))
    assert [plain(tree) for tree in trees] == [{"a": "b"}, ["c"], None]
    with pytest.raises(PolicyLoadError, match=r"p.yaml:3:1: found \*x, but no anchor of that name before it"):
        yaml_text.parse_all(TextSource("p.yaml", "a: &x b\n---\n*x"))


HOSTILE = [
    ("", "1:1: the text is empty, expected a YAML document"),
    (" \n# comment\n", "1:1: the text holds only white space and comments, expected a YAML document"),
    ("a: b: c", '1:5: it is not YAML: mapping values are not allowed .*; quote a text that holds ": ", or check'),
    ("a: [b\n", "2:1: it is not YAML: .* while parsing a flow sequence that begins at 1:4"),
    ("a: 'b\n", ":[12]:.: it is not YAML: found unexpected end of stream .*; close the quote or bracket"),
    ("a:\n\t- b\n", "2:1: it is not YAML: found character .*; YAML is indented with spaces, not with tabs"),
    ("- a\nb: c\n", "2:1: it is not YAML: .*; check the indentation"),
    ("Resource: *\n", r'1:11: an unquoted \* refers to an anchor, expected the name of one; quote it: "\*"'),
    ("a: [*, b]\n", r'1:5: an unquoted \* refers to an anchor, .*; quote it: "\*"'),
    ("a: */x\n", r'1:4: an unquoted \* refers to an anchor, .*; quote it: "\*/x"'),
    ("a: *all\n", r'1:4: found \*all, but no anchor .*; an unquoted \* refers to an anchor; quote it .*: "\*all"'),
    ("a: @b\n", '1:4: it is not YAML: .*; quote the text: without quotes it cannot begin with "@"'),
    ("a: {{ b }}\n", "1:5: found an object as a key, expected a text; quote a text that holds braces"),
    ("? [a]\n: b\n", "1:3: found a list as a key, expected a text"),
    ("~: b\n", "1:1: found the value null as a key, expected a text"),
    ("{a: b}: c\n", "1:1: found an object as a key, expected a text"),
    ("&x {a: b}: &y c\n*x : d\n", "1:4: found an object as a key, expected a text"),
    ("a: !Foo b\n", "1:4: found the tag !Foo, expected one of CloudFormation's, such as !Sub; write the value without"),
    ("a: !foo\n  b: c\n", "1:4: found the tag !foo, expected"),
    ("a: !!python/object/apply:os.system ['x']\n", "1:4: found the tag !!python/object/apply:os.system, expected"),
    ("a: !!binary eA==\n", "1:4: found the tag !!binary, expected"),
    ("a: !<tag:evil,2000:x> b\n", "1:4: found the tag tag:evil,2000:x, expected"),
    ("# x\n%TAG ! tag:x,2000:\n---\na: !b c\n", "2:1: found a %TAG directive, expected a document; write the tags"),
    ("a: &x [*x]\n", r"1:8: \*x is a part of what it refers to, expected an end; copy it"),
    ("a: &x {<<: *x}\n", r"1:12: \*x is a part of what it refers to"),
    ("a: {<<: b}\n", '1:9: found a string under "<<", expected a mapping'),
    ("a: {<<: [{b: c}, d]}\n", '1:9: found a string under "<<", expected a mapping'),
    ("a: \0\n", r"1:4: found U\+0000, which YAML does not allow, expected text; delete it"),
    ("a: b\x07\n", r"1:5: found U\+0007, which YAML does not allow"),
    ("a: \ud800\n", r"1:4: found U\+D800, which YAML does not allow"),
    ("\u00e9: [\x07]\n", r"1:5: found U\+0007"),
    ("[" * 101 + "]" * 101, "1:101: (found more than 100 levels|it is not YAML)"),
    ("- " * 101, "1:201: found more than 100 levels of nesting, expected at most that many"),
    ("!If [" * 51 + "]" * 51, "1:251: found more than 100 levels of nesting"),
    ("{a: " * 101 + "}" * 101, "1:401: found more than 100 levels"),
    ("a: &x " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 60 + "*x" + "]" * 60, "2:64: found more than 100 levels"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), HOSTILE, ids=[repr(text[:20]) for text, _ in HOSTILE])
@pytest.mark.usefixtures("parser")
def test_a_text_that_is_not_yaml_is_refused_with_its_place_and_a_remedy(text: str, message: str) -> None:
    with pytest.raises(PolicyLoadError, match=f"^p.yaml:?{message}"):
        yaml_text.parse_all(TextSource("p.yaml", text))


def test_as_many_levels_as_in_json_are_read() -> None:
    assert read("[" * 100 + "]" * 100).kind == "a list"
    assert read("a: &x " + "[" * 49 + "]" * 49 + "\nb: " + "[" * 50 + "*x" + "]" * 50).kind == "an object"


@pytest.mark.parametrize(
    "text",
    ["[" * 3_000_000, "{" * 3_000_000, "- " * 3_000_000, "? " * 3_000_000, "[\n" * 3_000_000, "{a: " * 2_000_000],
    ids=["brackets", "braces", "dashes", "question marks", "lines", "members"],
)
def test_millions_of_brackets_do_not_crash_libyaml_or_take_time(text: str) -> None:
    started = time.process_time()
    assert "p.yaml:" in refusal(text)
    assert time.process_time() - started < 60


def test_a_billion_laughs_are_refused_before_they_are_laughed() -> None:
    lines = ["a0: &a0 [" + "lol, " * 9 + "lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.process_time()
    assert "p.yaml:7:" in refusal("\n".join(lines))
    assert "found more than 2,000,000 values, expected at most that many" in refusal("\n".join(lines))
    assert time.process_time() - started < 60


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MAX_NODES", 10)
    assert read("[" + "a, " * 9 + "]").kind == "a list"
    assert refusal("[" + "a, " * 11 + "]") == "p.yaml:1:32: found more than 10 values, expected at most that many"


@pytest.mark.parametrize(
    "unit", ["- a\n", "a{n}: &a{n} b\n", "- &x a\n- *x\n", "- !Ref a\n", "- |\n  a\n", "- 'a\n\n  b'\n"]
)
def test_long_texts_are_read_in_little_time(unit: str) -> None:
    text = "".join(unit.replace("{n}", str(n)) for n in range(40_000))
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 60


def test_without_libyaml_the_parser_in_python_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml.cyaml", None)
    assert yaml_text._parser() is yaml.SafeLoader
    assert plain(read("a: !Ref b")) == {"a": {"Ref": "b"}}


def test_yaml_is_imported_only_when_a_text_is_read() -> None:
    code = "import sys; from pytest_veeam_iam.sources import yaml_text, cloudformation; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029")
"""PyYAML writes other line breaks as they are, and reads them as what they are to YAML 1.1."""

TREES = st.recursive(
    st.none() | st.booleans() | st.text(LETTERS, max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc<~ -:#'\"{}[]*&!|>%@`,\n\t\u00e9", max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TREES, st.sampled_from([None, "'", '"', "|", ">"]), st.booleans(), st.sampled_from([10, 80]))
@settings(max_examples=200, deadline=None)
def test_what_pyyaml_writes_is_read_back(tree: Any, style: str | None, flow: bool, width: int) -> None:
    text = yaml.safe_dump(tree, default_style=style, default_flow_style=flow, width=width, allow_unicode=True)
    if style is not None:  # then PyYAML writes the tags of what is no text
        text = text.replace("!!int ", "")
    assert plain(read(text)) == tree


@given(
    st.recursive(st.text("ab\u00e9", max_size=4), lambda inner: st.lists(inner) | st.dictionaries(st.text("cd"), inner))
)
@settings(max_examples=50, deadline=None)
def test_json_is_yaml_and_has_the_same_places(tree: Any) -> None:
    import json

    source = TextSource("p.json", json.dumps(tree, ensure_ascii=False, indent=1))
    ours, theirs = yaml_text.parse_all(source)[0], json_text.parse(source)
    assert plain(ours) == plain(theirs) == tree
    assert [node.offset for node in nodes(ours)] == [node.offset for node in nodes(theirs)]


def test_no_loader_of_objects_is_ever_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a loader was called")

    for name in ("load", "load_all", "compose", "safe_load", "full_load", "unsafe_load"):
        monkeypatch.setattr(yaml, name, never)
    monkeypatch.setattr(builtins, "eval", never)
    assert plain(read("a: [!Ref b]")) == {"a": [{"Ref": "b"}]}
