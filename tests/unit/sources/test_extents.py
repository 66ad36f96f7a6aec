"""Where values end, by the marks of JSON, HCL and YAML; ``<`` and ``>`` show the value in each text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_veeam_iam.sources.extents import Syntax, end_of, syntax_of


def extent(marked: str, syntax: Syntax, *, in_flow: bool = False) -> str:
    """Return the text with its extent marked anew."""
    start = marked.index("\N{LEFT DOUBLE ANGLE BRACKET}")
    text = marked.replace("\N{LEFT DOUBLE ANGLE BRACKET}", "").replace("\N{RIGHT DOUBLE ANGLE BRACKET}", "")
    end = end_of(text, start, syntax, in_flow=in_flow)
    return (
        text[:start] + "\N{LEFT DOUBLE ANGLE BRACKET}" + text[start:end] + "\N{RIGHT DOUBLE ANGLE BRACKET}" + text[end:]
    )


def marked(text: str) -> str:
    return text.replace("<(", "\N{LEFT DOUBLE ANGLE BRACKET}").replace(")>", "\N{RIGHT DOUBLE ANGLE BRACKET}")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": <("b")>, "c": 1}',
        '{"a": <("b\\"]}")>}',
        '<({"a": ["}", {"b": "]"}]})>  \n',
        '[1, <({"a":1})>,2]',
        "[1, <(true)>]",
        "[<(12)>,3]",
        '{"a":<([])>}',
        '<({"a": "never closed")>',
        '<("never closed)>',
        '{"a": <(["${"])>}',
    ],
)
def test_json(text: str) -> None:
    assert extent(marked(text), "json") == marked(text)


@pytest.mark.parametrize(
    "text",
    [
        'x {\n  <(statement {\n    a = ["}"] # }\n    b = 1 // }\n    /* } */\n  })>\n  c = 1\n}',
        'a = <("${join("}", ["x"])}/*")>, b',
        'a = [<("$${not}")>, "b"]',
        'a = [\n  <(aws_s3_bucket.repo.arn)>,\n  "b",\n]',
        "a = [\n  <(aws_s3_bucket.repo.arn)>\n]",
        "a = <(x.y)> # why\n",
        "a = <(x.y)> // why",
        'a = <(jsonencode({\n  b = "}"\n}))>\n\nc = 1',
        'a = <(<<-EOT\n  {"a": "}"}\n  EOT)>\nb = 1',
        "a = <(<<EOT\n{\nEOT)>\r\nb = 1",
        'a = <({ b = <<EOT\n}\nEOT\n})>\nb = 1',
        'a = <<EOT\n{"S": [<({"R": "${x["}"]}/*"})>, {}]}\nEOT\n',
        "a = <(b ? c : d[0].e)>\n",
        "a = <(1 / 2 < 3)>\n",
        'a = <("100%" )>'.replace(" )", ")"),
        'a = <("never closed)>',
        "a = <({)>",
    ],
)  # fmt: skip
def test_hcl(text: str) -> None:
    assert extent(marked(text), "hcl") == marked(text)


@pytest.mark.parametrize(
    "text",
    [
        "S:\n  - <(Sid: a\n    Action:\n      - s3:GetObject\n    Resource: x)>\n  - Sid: b\n",
        "S:\n- <(Sid: a\n  Action:\n  - b # why\n\n  # more\n  Resource: c # why)>\n\n# of the next\n- Sid: b\n",
        "S:\n  - <({Sid: a, Action: [b, 'c}', \"}\"]})>\n  - d\n",
        "A: <([\n  a, # ]\n  don't,\n  b\n])>\nB: c\n",
        "A:\n  <(- a\n  - b: c\n    d: e)>\nB: c\n",
        "A:\n<(- a\n- b)>\nB: c\n",
        "A: <(s3:GetObject)> # why\nB: c\n",
        "A: <(arn:aws:s3:::b/${aws:username})>\n",
        "A: <(\"a: b # c\")>\nB: 1\n",
        "A: <('it''s: x')>\n",
        'A:\n  - <("Sid": a\n    "Effect": b)>\n  - c\n',
        "A: <(!Sub \"${Repo.Arn}/*\")>\nB: c\n",
        "A: <(!GetAtt Repo.Arn)>\nB: c\n",
        "A: <(!Sub\n  - a\n  - b: c)>\nB: c\n",
        "A: <(|\n  {\n    \"a\": 1\n\n  })>\nB: c\n",
        "A:\n  - <(>-\n    a\n    b)>\n  - c\n",
        "<(A: 1\nB: 2)>\n---\nC: 3\n",
        "A: <(-x)>\n",
        "A:\n  - <(a)>",
    ],
)  # fmt: skip
def test_yaml(text: str) -> None:
    assert extent(marked(text), "yaml") == marked(text)


@pytest.mark.parametrize(
    "text", ["[<(a b)>, c]", "[a, <(s3:Get*)>]", "{a: <('x, y')>, b: c}", "{<(a)>: b}", "[<(a)> # b\n]"]
)
def test_yaml_between_brackets(text: str) -> None:
    assert extent(marked(text), "yaml", in_flow=True) == marked(text)


def test_windows_lines() -> None:
    text = "S:\r\n  - <(Sid: a\r\n    Resource: x)>\r\n  - Sid: b\r\n"
    assert extent(marked(text), "yaml") == marked(text)


@pytest.mark.parametrize(
    ("name", "text", "syntax"),
    [
        ("main.tf", "", "hcl"),
        ("p.yaml", "{}", "yaml"),
        ("p.json", " {}", "json"),
        ("t.template", "Resources:", "yaml"),
        ("t.template", "{}", "json"),
        ("main.tf.json", "{}", "json"),
    ],
)
def test_the_syntax_of_a_file(name: str, text: str, syntax: str) -> None:
    assert syntax_of(name, text) == syntax


@given(
    st.text(alphabet="{}[]()\"'\\$%#/*<-EOT:,|>!& \n\rab", max_size=60),
    st.integers(-2, 62),
    st.sampled_from(["json", "hcl", "yaml"]),
    st.booleans(),
)
def test_any_text_has_an_end(text: str, offset: int, syntax: Syntax, in_flow: bool) -> None:
    end = end_of(text, offset, syntax, in_flow=in_flow)
    assert min(max(offset, 0), len(text)) <= end <= len(text)


@pytest.mark.parametrize("syntax", ["json", "hcl", "yaml"])
@pytest.mark.parametrize(
    "unit", ["{", '"', "${", '"${', "- ", "a: ", "[", "<<E\n", "(<<E\nE\n", "!a ", "'", " #", "#\n", "/*"]
)
def test_long_texts_take_linear_time(syntax: Syntax, unit: str) -> None:
    text = unit * 100_000
    assert end_of(text, 0, syntax) <= len(text)
