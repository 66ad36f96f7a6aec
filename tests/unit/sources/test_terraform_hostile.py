"""Terraform sources that were written to do harm: bounded work, and no other error than PolicyLoadError."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import TextSource
from pytest_veeam_iam.sources import terraform
from pytest_veeam_iam.sources.found import Bindings, Reading
from tests.examples_runner import plain
from tests.unit.sources.terraform_examples import FORM, cases, found_in, module_of, sources

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.sources.found import Found

SECONDS = 20


def policy(expression: str, more: str = "") -> str:
    return f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = {expression} }})\n}}\n{more}\n'


def chain(count: int, value: str, first: str) -> str:
    """Locals of which each is made of the one before; ``_`` in ``value`` is that one."""
    lines = [f"  l{number + 1} = {value.replace('_', f'local.l{number}')}" for number in range(count)]
    return "locals {\n  l0 = " + first + "\n" + "\n".join(lines) + "\n}\n"


def read(text: str) -> list[Found]:
    return terraform.read(TextSource("main.tf", text), Reading(name="main.tf"))


def resource(policy: str, more: str = "", arguments: str = "") -> str:
    return f'resource "aws_iam_policy" "p" {{\n{arguments}  policy = {policy}\n}}\n{more}\n'


def data(name: str, body: str) -> str:
    return f'data "aws_iam_policy_document" "{name}" {{\n{body}\n}}\n'


def json_of(name: str) -> str:
    return f"data.aws_iam_policy_document.{name}.json"


STATEMENT = 'statement {\n    actions = ["s3:*"]\n  }'
MANY = 'dynamic "statement" {\n    for_each = range(9000)\n    content {\n      actions = range(9000)\n    }\n  }'
LOOPS = "<<EOF\n%{ for a in range(9000) }%{ for b in range(9000) }x%{ endfor }%{ endfor }\nEOF"
DOUBLING = "".join(
    data(f"d{n + 1}", f"source_policy_documents = [{json_of(f'd{n}')}, {json_of(f'd{n}')}]") for n in range(40)
)
BOMBS = {
    "locals that double": policy("local.l60", chain(60, "[_, _]", '"x"')),
    "texts that double": policy("local.l60", chain(60, '"${_}${_}"', '"x"')),
    "loops that double": policy("local.l60", chain(60, "[for x in [_] : [x, x]]", '"x"')),
    "objects that double": policy("local.l60", chain(60, "{ a = _, b = _ }", '"x"')),
    "a long chain of locals": policy("local.l3000", chain(3000, "_", '"x"')),
    "a long chain of lists": policy("local.l3000", chain(3000, "[_]", '"x"')),
    "locals that refer to each other": policy("local.a", "locals {\n  a = local.b\n  b = [local.a]\n}\n"),
    "a variable that refers to itself": policy("var.a", 'variable "a" {\n  default = var.a\n}\n'),
    "nested loops": policy("[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]"),
    "a long range": policy("range(1000000000)"),
    "a huge exponent": policy("1e999999999 + 1 > 2 ? 1 : 2"),
    "a long number": policy("9" * 5000 + " + 1"),
    "a text of many texts": policy(
        'join("", [for i in range(10000) : local.b])', f'locals {{\n  b = "{"x" * 9999}"\n}}'
    ),
    "a loop in a heredoc": resource(LOOPS),
    "a replacement that grows": policy(f'replace("{"a" * 50000}", "a", "{"b" * 50000}")'),
    "a product": policy("setproduct(range(1000), range(1000), range(1000))"),
    "a split": policy(f'split("", "{"x" * 200000}")'),
    "many statements": data("d", MANY),
    "many copies": resource('"{}"', arguments="  count = 1000000000\n"),
    "less than no copies": resource('"{}"', arguments="  count = -5\n"),
    "a document made of itself": resource(json_of("d"), data("d", f"source_policy_documents = [{json_of('d')}]")),
    "documents that double": resource(json_of("d40"), DOUBLING + data("d0", STATEMENT)),
    "texts in texts": policy("local.l40", chain(40, "jsonencode([_, _])", '"x"')),
    "a million spaces": f'resource{" " * 1_000_000}"aws_iam_policy" "p" {{\n  policy = "{{}}"\n}}\n',
    "a million lines": f'resource "aws_iam_policy" "p" {{\n  policy = "{{}}"{" " * 1_000_000}}}\n',
    "a word for a policy": 'resource "aws_iam_policy"',
    "no name": 'resource "aws_iam_policy" {\n}\nresource {\n}\ndata "aws_iam_policy_document" {\n}\nmodule {\n}\n',
    "too many names": 'resource "aws_iam_policy" "a" "b" {\n  policy = "{}"\n}\n',
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_text_takes_bounded_time_and_raises_nothing_else(name: str) -> None:
    start = time.process_time()
    read_all(read, BOMBS[name])
    assert time.process_time() - start < SECONDS


def read_all(reader: object, text: str) -> int:
    """Read every document as a policy; return how many could be read."""
    count = 0
    try:
        found = reader(text)  # type: ignore[operator]
    except PolicyLoadError:
        return 0
    for each in found:
        try:
            read_policy(each.node, each.entity, each.attachment, assumed=each.assumed, buckets=each.buckets)
        except PolicyLoadError:
            continue
        count += 1
    return count


def test_groups_that_give_very_many_policies_to_very_many_users_are_refused(tmp_path: Path) -> None:
    users = ", ".join(f'"u{number}"' for number in range(2_000))
    attachment = 'resource "aws_iam_group_policy_attachment" "a{0}" {{\n  group = "g"\n  policy_arn = "arn:p{0}"\n}}\n'
    text = f'resource "aws_iam_group_membership" "m" {{\n  group = "g"\n  users = [{users}]\n}}\n'
    text += "".join(attachment.format(number) for number in range(600))
    text += 'resource "aws_iam_user_policy" "p" {\n  user = "u1"\n  policy = jsonencode({ Statement = [] })\n}\n'
    path = tmp_path / "main.tf"
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyLoadError, match="more than 1,000,000 times; split it"):
        found_in(path, tmp_path)[0].read()


def test_modules_that_call_many_modules_end(tmp_path: Path) -> None:
    calls = "".join(f'module "m{number}" {{\n  source = "../next"\n}}\n' for number in range(10))
    texts = {
        f"d{level}--main__tf": calls.replace("next", f"d{level + 1}")
        + 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [] })\n}\n'
        for level in range(9)
    }
    start = time.process_time()
    found = found_in(module_of(tmp_path, **texts), tmp_path)
    assert 0 < len(found) <= 1001
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("utf16.tf", 'locals {\n  x = "a"\n}\n'.encode("utf-16")),
        ("latin.tf", b'locals {\n  y = "\xe4"\n}\n'),
        ("nul.tf", b"locals {\n  y = \0\n}\n"),
        ("broken.tf.json", b'{"locals": '),
        ("list.tf.json", b'[[{"locals": 1}]]'),
        ("terraform.tfvars", b'x = "unclosed\n'),
        ("a.auto.tfvars.json", b"[1, 2]"),
        ("b.auto.tfvars", b"block {\n}\n"),
        ("override.tf", b'resource "aws_iam_policy" "p" {\n'),
    ],
)
def test_no_neighbour_loses_the_documents(name: str, data: bytes, tmp_path: Path) -> None:
    path = module_of(tmp_path, main__tf=policy('["${var.x}${local.y}"]'))
    (tmp_path / name).write_bytes(data)
    assert read_all(lambda _: found_in(path, tmp_path), "") in (0, 1)
    assert len(found_in(path, tmp_path)) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_or_link_beside_a_file_is_not_read(tmp_path: Path) -> None:
    path = module_of(tmp_path, main__tf=policy("[local.y]"), **{"away--y__tf": 'locals {\n  y = "read"\n}\n'})
    os.mkfifo(tmp_path / "pipe.tf")
    (tmp_path / "link.tf").symlink_to(tmp_path / "away" / "y.tf")
    (tmp_path / "folder.tf").mkdir()
    (found,) = found_in(path, tmp_path)
    assert plain(found.node) == {"Statement": ["${local.y}"]}


def test_a_directory_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_veeam_iam.sources.terraform.directory.MAX_FILES", 3)
    path = module_of(tmp_path, main__tf=policy("[]"), a__tf="", b__tf="", c__tf="")
    with pytest.raises(PolicyLoadError, match="found 4 files of one module, expected at most 3"):
        found_in(path, tmp_path)


EXAMPLES = [path for case in cases() for path in sources(case)]


def mutated(text: str, chance: random.Random) -> str:
    """Change a text in a few places: bytes flipped, parts removed, doubled or moved."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((1, 1, 2, 8, 40, 200)))
        part, kind = text[start:end], chance.randrange(5)
        if kind == 0:
            text = text[:start] + text[end:]
        elif kind == 1:
            text = text[:end] + part * chance.randint(1, 3) + text[end:]
        elif kind == 2:
            text = text[:start] + chance.choice(MARKS) + text[end if chance.random() < 0.5 else start :]
        elif kind == 3:
            place = chance.randrange(len(text) + 1)
            text = text[:place] + part + text[place:]
        else:
            text = (
                text[:start] + "".join(chr(ord(c) ^ (1 << chance.randrange(7))) for c in part[:3]) + text[start + 3 :]
            )
    return text


MARKS = (
    *(
        '"',
        "${",
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        "%{",
        "~",
        "<<EOF\n",
        "EOF\n",
        "=",
        "\n",
        "\\",
        "$",
        "*",
        ".",
        "[*]",
        "...",
    ),
    *(
        "null",
        "count = 2\n",
        "for_each = var.x\n",
        "\u00e4",
        "\U0001f600",
        "# ",
        "/*",
        "*/",
        "\t",
        "\r\n",
        "0",
        "-",
        "!",
    ),
    *(
        "?",
        ":",
        ",",
        "==",
        "\ufeff",
        "\x01",
        "each.value",
        "dynamic",
        "local.",
        "var.",
        "data.",
        "module.",
        "for x in ",
    ),
    *("jsonencode(", "file(", "templatefile("),
)


def read_mutated(path: Path, seed: int) -> int:
    text = mutated(path.read_text("utf-8"), random.Random(seed))
    reading = Reading(Bindings(), path, path.name, FORM)
    return read_all(lambda text: terraform.read(TextSource(path.name, text), reading), text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EXAMPLES), st.integers(0, 2**32))
def test_mutated_examples_raise_nothing_else(path: Path, seed: int) -> None:
    read_mutated(path, seed)
