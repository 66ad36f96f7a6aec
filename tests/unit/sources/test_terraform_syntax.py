"""HCL to blocks and arguments: python-hcl2 sees the same ones, and broken text is refused where it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources.terraform import hcl, json_syntax
from tests.unit.sources.terraform_examples import FORM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_veeam_iam.sources.terraform.syntax import Block

Shape: TypeAlias = "tuple[str, tuple[str, ...], tuple[str, ...], tuple[Shape, ...]]"
"""A block: its type, labels, the names of its arguments, and its blocks."""

FILES = sorted(FORM.rglob("*.tf"))


def shape(block: Any) -> Shape:
    body = block.body
    inner = tuple(sorted(shape(each) for each in body.top_blocks()))
    return (block.type, block.labels, tuple(sorted(body.arguments())), inner)


def shapes_of_ours(text: str) -> list[Shape]:
    return sorted(shape(block) for block in hcl.parse(TextSource("main.tf", text)))


def shapes_of_theirs(text: str) -> list[Shape]:
    import hcl2

    return sorted(_blocks(hcl2.loads(text)))


def _blocks(body: dict[str, Any]) -> list[Shape]:
    return [
        (type_.strip('"'), *_labelled(value))
        for type_, values in body.items()
        if _is_blocks(values)
        for value in values
    ]


def _labelled(value: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Shape, ...]]:
    labels: list[str] = []
    while "__is_block__" not in value:
        ((label, value),) = value.items()
        labels.append(label.strip('"'))
    names = sorted(name for name, each in value.items() if not name.startswith("__") and not _is_blocks(each))
    return tuple(labels), tuple(names), tuple(sorted(_blocks(value)))


def _is_blocks(values: Any) -> bool:
    return isinstance(values, list) and bool(values) and all(_is_block(value) for value in values)


def _is_block(value: Any) -> bool:
    while isinstance(value, dict):
        if "__is_block__" in value:
            return True
        if len(value) != 1:
            return False
        (value,) = value.values()
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FORM).as_posix())
def test_python_hcl2_sees_the_same_blocks_and_arguments_in_every_example(path: Path) -> None:
    text = path.read_text("utf-8")
    assert shapes_of_ours(text) == shapes_of_theirs(text)


NAMES = st.sampled_from(["name", "policy", "a-b", "actions", "x1", "for_each", "_y"])
LABELS = st.lists(st.sampled_from(['"aws_iam_policy"', '"a b"', "bare", '"x"']), max_size=3)
SCALARS = st.sampled_from(
    [
        '"text"',
        '"a ${b.c} d"',
        '"$${x}"',
        "12",
        "-3.5",
        "true",
        "null",
        "var.a",
        "a.b[0].c",
        "a[*].b",
        '"\\"q\\" \\n"',
        "!x",
        "f()",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda pair: f'{{ a = {pair[0]}, "b" = {pair[1]} }}'),
        st.tuples(inner, inner).map(lambda pair: f"(x ? {pair[0]} : {pair[1]})"),
        inner.map(lambda value: f"concat({value}, [for k, v in y : v if k == 1])"),
        inner.map(lambda value: f"jsonencode({{ Statement = [{value}] }})"),
    ),
    max_leaves=6,
)
HEREDOC = st.sampled_from(['<<EOF\n{"a": "${b}"}\nEOF', "<<-EOF\n    a\n      b\n    EOF"])


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> str:
    lines = [f"{name} = {draw(st.one_of(VALUES, HEREDOC))}" for name in draw(st.lists(NAMES, unique=True, max_size=3))]
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        labels = " ".join(draw(LABELS))
        lines.append(f"block {labels} {{\n{draw(bodies(depth - 1))}\n}}")
    return "\n".join(lines) + draw(st.sampled_from(["", "\n# a comment", "\n// \u00e4 comment", "\n/* one */"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(bodies(), max_size=3))
def test_python_hcl2_sees_the_same_blocks_and_arguments_in_generated_files(found: list[str]) -> None:
    text = "\n".join(f'resource "aws_iam_policy" "p{number}" {{\n{body}\n}}\n' for number, body in enumerate(found))
    assert shapes_of_ours(text) == shapes_of_theirs(text)


def read_all(parse: Callable[[TextSource], Sequence[Block]], source: TextSource) -> None:
    for block in parse(source):
        block.body.arguments()


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("locals {\n  x = \"a\n}\n", "2:7", 'did not expect ""a"'),
        ("a {\n  x = [1, 2\n}\nb {\n}\n", "3:1", '"]" is missing here'),
        ("a {\n  x = 1\n", "3:1", '"}" is missing here'),
        ("a {\n  x = 1 +\n  y = 2\n}\n", "2:5", "did not expect"),
        ("a {\n  x = <<EOF\nfoo\n}\n", "5:1", "a line that ends the heredoc is missing"),
        ("a {\n  x = {a = 1, b}\n}\n", "2:15", 'did not expect "b}"'),
        ("a {\n}}\n", "2:2", 'did not expect "}"'),
        ("a {\n  x = 1 y = 2\n}\n", "2:9", '"y" does not begin a line'),
        ("a {\n  x = 1\n  x = 2\n}\n", "3:3", '"x" stands twice in this block (first on line 2)'),
        (f"a {{\n  x = {'[' * 200}{']' * 200}\n}}\n", "2:58", "more than 50 levels"),
        (f"a {{\n  x = {'1 + ' * 200}1\n}}\n", "2:7", "more than 50 levels"),
        (f"a {{\n  x = {'(' * 150}1{')' * 150}\n}}\n", "2:58", "more than 50 levels"),
    ],
)  # fmt: skip
def test_what_is_not_hcl_is_refused_where_it_breaks(text: str, place: str, why: str) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        read_all(hcl.parse, TextSource("main.tf", text))
    assert f"{refused.value.line}:{refused.value.column}" == place
    assert why in refused.value.why


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("{", "1:2", "the text ends"),
        ("[1]", "1:2", "a block is an object here, but found a number"),
        ('{"resource": {"aws_iam_policy": 1}}', "1:33", "a block is an object here"),
        ('{"resource": {"aws_iam_policy": {"p": {}, "p": {}}}}', "1:43", '"p" stands twice'),
        ('{"resource": {"aws_iam_policy": {"p": {"policy": 1, "policy": 2}}}}', "1:53", '"policy" stands twice'),
        ('{"locals": {"x": "${a"}}', "1:21", "this is not HCL"),
    ],
)
def test_what_is_not_its_json_syntax_is_refused_where_it_breaks(text: str, place: str, why: str) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        read_all(json_syntax.parse, TextSource("main.tf.json", text))
    assert f"{refused.value.line}:{refused.value.column}" == place
    assert why in refused.value.why


def test_text_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hcl, "_SECONDS", 0.05)
    monkeypatch.setattr(hcl, "_SECONDS_PER_BYTE", 0)
    with pytest.raises(PolicyLoadError, match="it takes too long to find out why"):
        hcl.parse(TextSource("main.tf", '"}{[ %{ ~ <<E ' * 20_000))
    assert hcl.parse(TextSource("main.tf", "a {\n}\n"))[0].type == "a"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a {\n}\n" * 500_000, "characters of HCL, expected at most"),
        ("a {" + "\n" * 30_000 + "}\n", "of white space in a row"),
    ],
)
def test_text_that_takes_too_much_memory_is_refused(text: str, why: str) -> None:
    with pytest.raises(PolicyLoadError, match=why):
        hcl.parse(TextSource("main.tf", text))


def test_a_file_of_a_megabyte_is_read() -> None:
    text = "a {\n  x = [\n" + '    "s3:GetObject", # why\n' * 40_000 + "  ]\n}\n"
    (block,) = hcl.parse(TextSource("main.tf", text))
    argument = block.body.argument("x")
    assert argument is not None
    assert len(argument.value.items) == 40_000  # type: ignore[attr-defined]


def test_a_heredoc_may_end_the_file_and_lines_may_end_in_any_way() -> None:
    text = "a {\r\n  x = <<EOF\r\nline\r\nEOF\r\n}"
    (block,) = hcl.parse(TextSource("main.tf", text))
    argument = block.body.argument("x")
    assert argument is not None
    assert argument.value.parts[0].text == "line\r\n"  # type: ignore[attr-defined]
