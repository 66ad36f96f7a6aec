"""Terraform sources: the documents in them, their values as far as these are static, who has them, where they stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam.attachments import unit_of
from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.grammar import read_policy
from pytest_veeam_iam.iam.tree import Node, Template, TextSource
from pytest_veeam_iam.sources import load_policies, terraform
from pytest_veeam_iam.sources.found import Bindings, Reading
from pytest_veeam_iam.sources.terraform import directory
from tests.examples_runner import EXAMPLES, plain, summaries
from tests.unit.sources.terraform_examples import FORM, cases, described, expected, found_in, module_of, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Token
    from pytest_veeam_iam.sources.found import Found

VEEAM = EXAMPLES / "documented.json"
ALL = [pytest.param(case, id=case.name) for case in cases()]


def read(text: str, bind: dict[str, str] | None = None, *, assume_defaults: bool = True) -> list[Found]:
    reading = Reading(Bindings(bind or {}, assume_defaults=assume_defaults), name="main.tf")
    return terraform.read(TextSource("main.tf", text), reading)


def value_of(expression: str, more: str = "", bind: dict[str, str] | None = None) -> Any:
    """What an expression is as the Resource of a statement."""
    document = f"jsonencode({{ Statement = [{{ Resource = {expression} }}] }})"
    (found,) = read(f'resource "aws_iam_policy" "p" {{\n  policy = {document}\n}}\n{more}\n', bind)
    return plain(_member(found.node, "Statement", 0, "Resource"))


def _member(node: Node, *keys: str | int) -> Node:
    found: Any = node
    for key in keys:
        found = found.value[key]
    assert isinstance(found, Node)
    return found


def tokens(node: Node) -> Iterator[Token]:
    if isinstance(node.value, Template):
        yield from node.value.tokens
    children = node.value if isinstance(node.value, list) else []
    for child in node.value.values() if isinstance(node.value, dict) else children:
        yield from tokens(child)


def doubts(found: Found) -> list[str | None]:
    return [each.doubt.expression if each.doubt else None for each in _statements(found)]


def _statements(found: Found) -> list[Node]:
    statements = _member(found.node, "Statement").value
    assert isinstance(statements, list)
    return statements


# Examples


@pytest.mark.parametrize("case", ALL)
def test_an_example_holds_what_is_expected(case: Path) -> None:
    assert described(case) == expected(case)


@pytest.mark.parametrize("case", ALL)
def test_every_document_of_an_example_can_be_read_as_a_policy(case: Path) -> None:
    for path in sources(case):
        for found in found_in(path, case):
            assert read_policy(found.node, found.entity, found.attachment).statements


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.name.startswith("veeam")], ids=lambda case: case.name
)
def test_the_veeam_policy_is_the_same_however_it_is_written(case: Path) -> None:
    (found,) = (found for path in sources(case) for found in found_in(path, case))
    assert _sorted(plain(found.node)) == _sorted(json.loads(VEEAM.read_text("utf-8")))
    assert found.attachment.principals == ("aws_iam_role.backup",)


def _sorted(document: Any) -> Any:
    """A single string is the same as a list of it."""
    if isinstance(document, dict):
        return {key: _sorted(value) for key, value in sorted(document.items())}
    if isinstance(document, list):
        return (
            document[0] if len(document) == 1 and isinstance(document[0], str) else [_sorted(each) for each in document]
        )
    return document


def test_every_statement_of_every_way_to_write_it_stands_where_it_is_written() -> None:
    places = {}
    for case in cases():
        if case.name.startswith("veeam"):
            (found,) = (found for path in sources(case) for found in found_in(path, case))
            places[case.name] = {str(each.location) for each in _statements(found)[:2]}
    assert places == {
        "veeam": {"policy.tf:2:3", "policy.tf:8:3"},
        "veeam-file": {"veeam.json:4:5", "veeam.json:10:5"},
        "veeam-heredoc": {"main.tf:27:5", "main.tf:33:5"},
        "veeam-json": {"main.tf.json:25:11", "main.tf.json:34:11"},
        "veeam-jsonencode": {"main.tf:28:7", "main.tf:34:7"},
        "veeam-templatefile": {"veeam.json.tftpl:4:5", "veeam.json.tftpl:10:5"},
    }


# Values


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"a\\n\\"\\u00e9\\\\"', 'a\n"\u00e9\\'),
        ('"$${a} %%{b} $a %a"', "${a} %{b} $a %a"),
        ('"${"x"}-${1 + 2 * 3}-${true}"', "x-7-true"),
        ('"  ${~ "x" ~}  "', "x"),
        ('"%{ if 1 > 2 }a%{ else }b%{ endif }"', "b"),
        ('"%{ for k, v in { a = 1 } }${k}${v}%{ endfor }"', "a1"),
        ("[for s in [\"a\", \"b\"] : upper(s) if s != \"a\"]", ["B"]),
        ('{ for k, v in { a = "x" } : v => k }', {"x": "a"}),
        ('{ for v in ["ab", "ac", "b"] : substr(v, 0, 1) => v... }', {"a": ["ab", "ac"], "b": ["b"]}),
        ('[{ a = "x" }, { a = "y" }][*].a', ["x", "y"]),
        ('[{ a = ["x"] }].*.a[0]', ["x"]),
        ('{ "a-b" = "x", (upper("c")) : "y" }', {"a-b": "x", "C": "y"}),
        ('true && !false || false ? "a" : "b"', "a"),
        ('false && var.nobody_knows ? "a" : "b"', "b"),
        ('5 % 3 == 2 && 7 / 2 == 3.5 && -1 < 0 ? "a" : "b"', "a"),
        ('1 / 0 > 1 ? "a" : "b"', '${1 / 0 > 1 ? "a" : "b"}'),
        ('null == null && "a" != null ? "a" : "b"', "a"),
        ('coalesce(null, "", "a", var.nobody_knows)', "a"),
        ('coalescelist([], ["a"])', ["a"]),
        ('concat(["a"], [], ["b"])', ["a", "b"]),
        ('distinct(["a", "b", "a"])', ["a", "b"]),
        ('setunion(["a"], ["b", "a"])', ["a", "b"]),
        ('element(["a", "b"], 3)', "b"),
        ('flatten([["a", ["b"]], "c"])', ["a", "b", "c"]),
        ('format("%s-%d%%", "a", 3)', "a-3%"),
        ('formatlist("%s/*", ["a", "b"])', ["a/*", "b/*"]),
        ('join("/", ["a", "b"])', "a/b"),
        ('jsondecode("{\\"a\\": [1, true, null]}")', {"a": ["1", True, None]}),
        ('keys({ b = 1, a = 2 })', ["a", "b"]),
        ('values({ b = "x", a = "y" })', ["y", "x"]),
        ('length(["a"]) + length({}) + length("ab")', "3"),
        ('lookup({ a = "x" }, "a", "y")', "x"),
        ('lookup({ a = "x" }, "b", "y")', "y"),
        ('merge({ a = "x", b = "x" }, { a = "y" })', {"a": "y", "b": "x"}),
        ('one(["a"])', "a"),
        ('one([])', None),
        ('range(3)', ["0", "1", "2"]),
        ('replace("a-b-c", "-", "/")', "a/b/c"),
        ('reverse(["a", "b"])', ["b", "a"]),
        ('setproduct(["a", "b"], ["c"])', [["a", "c"], ["b", "c"]]),
        ('slice(["a", "b", "c"], 1, 2)', ["b"]),
        ('sort(["b", "a"])', ["a", "b"]),
        ('split(",", "a,b")', ["a", "b"]),
        ('startswith("abc", "ab") ? "a" : "b"', "a"),
        ('title("hello world")', "Hello World"),
        ('tostring(12)', "12"),
        ('trimprefix("arn:x", "arn:")', "x"),
        ('trimsuffix("x.json", ".json")', "x"),
        ('trimspace("  x ")', "x"),
        ('try({ a = "x" }.b, "y")', "y"),
        ('can({ a = "x" }.b) ? "a" : "b"', "b"),
        ('try(file("nowhere.json"), "y")', "y"),
        ('zipmap(["a"], ["x"])', {"a": "x"}),
        ('contains(["a"], "a") ? "a" : "b"', "a"),
        ('alltrue([true, false]) ? "a" : "b"', "b"),
        ('anytrue([true, var.nobody_knows]) ? "a" : "b"', "a"),
        ('max(1, 3, 2)', "3"),
        ('chunklist(["a", "b", "c"], 2)', [["a", "b"], ["c"]]),
        ('concat([["a"], ["b"]]...)', ["a", "b"]),
        ('jsonencode({ a = ["x\\"", 1] })', '{"a":["x\\"",1]}'),
        ('"${jsonencode(["x"])}"', '["x"]'),
        ('replace("x${var.v}", "x", "y")', '${replace("x${var.v}", "x", "y")}'),
        ('timestamp()', "${timestamp()}"),
        ('cidrsubnet("10.0.0.0/8", 8, 1)', '${cidrsubnet("10.0.0.0/8", 8, 1)}'),
        ('length(var.v) > 0 ? "a" : "b"', '${length(var.v) > 0 ? "a" : "b"}'),
        ('path.module', "."),
        ('terraform.workspace', "${terraform.workspace}"),
    ],
)  # fmt: skip
def test_an_expression_has_the_value_that_terraform_gives_it(expression: str, value: object) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('concat(["a"], var.v)', ["a", {"if": "var.v", "then": "${var.v}"}]),
        ('[for s in var.v : "arn:${s}"]', [{"if": "var.v", "then": "arn:${var.v[*]}"}]),
        ('formatlist("%s/*", var.v)', [{"if": "var.v", "then": "${var.v}/*"}]),
        ('var.v ? ["a"] : ["b"]', [{"if": "var.v", "then": "a"}, {"if": "var.v", "then": "b"}]),
        ('var.v ? ["a"] : null', [{"if": "var.v", "then": "a"}]),
        ('var.v ? "a" : "a"', "a"),
        ('[for s in ["a"] : s if s != var.v]', [{"if": "s != var.v", "then": "a"}]),
        ('compact(["a", var.v])', ["a", {"if": "var.v", "then": "${var.v}"}]),
        ('join(",", concat(["a"], var.v))', '${join(",", concat(["a"], var.v))}'),
        ('[for s in concat(["a"], var.v) : s][0]', "a"),
        ('[for s in concat(var.v, ["a"]) : s][0]', '${[for s in concat(var.v, ["a"]) : s][0]}'),
        ('merge({ a = "x" }, var.v)', '${merge({ a = "x" }, var.v)}'),
        ('{ for k in ["a"] : "${k}${var.v}" => k }', {"a${var.v}": {"if": "var.v", "then": "a"}}),
        ('keys(var.v)', [{"if": "var.v", "then": "${keys(var.v)[*]}"}]),
    ],
)  # fmt: skip
def test_what_may_be_there_none_or_many_times_is_in_doubt(expression: str, value: object) -> None:
    assert value_of(expression, 'variable "v" {}') == value


def test_an_unknown_value_is_named_as_it_is_written_where_it_is_written() -> None:
    (found,) = read(
        'locals {\n  arn = "arn:aws:s3:::${var.bucket}"\n}\n'
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{ Resource = local.arn }] })\n}\n'
    )
    (token,) = tokens(found.node)
    assert (token.expression, str(token.location)) == ("var.bucket", "main.tf:2:25")


@pytest.mark.parametrize(
    ("expression", "symbol", "is_arn"),
    [
        ("aws_s3_bucket.b.arn", "tf:aws_s3_bucket.b", True),
        ("aws_s3_bucket.b.id", "tf:aws_s3_bucket.b", False),
        ("aws_s3_bucket.c[0].arn", "tf:aws_s3_bucket.c[0]", True),
        ("aws_s3_bucket.c.0.arn", "tf:aws_s3_bucket.c[0]", True),
        ('aws_s3_bucket.d["x"].bucket', 'tf:aws_s3_bucket.d["x"]', False),
        ("element(aws_s3_bucket.c.*.arn, 1)", "tf:aws_s3_bucket.c[1]", True),
        ("one([aws_s3_bucket.b.arn])", "tf:aws_s3_bucket.b", True),
        ("aws_s3_bucket.b.bucket_domain_name", "", False),
        ("aws_sqs_queue.b.arn", "", False),
    ],
)
def test_a_bucket_of_unknown_name_is_called_by_its_address(expression: str, symbol: str, is_arn: bool) -> None:
    buckets = (
        'resource "aws_s3_bucket" "b" {}\nresource "aws_s3_bucket" "c" {\n  count = 2\n}\n'
        'resource "aws_s3_bucket" "d" {\n  for_each = toset(["x"])\n}\n'
    )
    document = f"jsonencode({{ Statement = [{{ Resource = {expression} }}] }})"
    (found,) = read(f'{buckets}resource "aws_iam_policy" "p" {{\n  policy = {document}\n}}\n')
    assert [(token.symbol, token.is_arn) for token in tokens(found.node)] == [(symbol, is_arn)]


# Variables

VARIABLE = 'variable "v" {\n  type    = string\n  default = "declared"\n}\n'


def test_a_bound_variable_has_the_bound_value_and_is_marked_as_used() -> None:
    bindings = Bindings({"var.v": "bound", "local.other": "unused"})
    text = f'{VARIABLE}resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = var.v }})\n}}\n'
    (found,) = terraform.read(TextSource("main.tf", text), Reading(bindings))
    assert plain(found.node) == {"Statement": "bound"}
    assert found.assumed == ()
    assert bindings.unused == ("local.other",)


def test_a_declared_default_is_an_assumption_and_can_be_switched_off() -> None:
    text = f'{VARIABLE}resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = var.v }})\n}}\n'
    (found,) = read(text)
    assert (plain(found.node), found.assumed) == (
        {"Statement": "declared"}, ('var.v is "declared", its default (main.tf:3)',),
    )  # fmt: skip
    (found,) = read(text, assume_defaults=False)
    assert (plain(found.node), found.assumed) == ({"Statement": "${var.v}"}, ())


@pytest.mark.parametrize(
    ("bind", "value"),
    [
        ({"var.v": '["a", "b"]'}, ["a", "b"]),
        ({"var.v": '{ "a" = "b" }'}, {"a": "b"}),
        ({"var.v": "[not HCL"}, "[not HCL"),
        ({"var.v": "plain"}, "plain"),
    ],
)
def test_a_bound_list_or_object_is_one(bind: dict[str, str], value: object) -> None:
    assert value_of("var.v", 'variable "v" {}', bind) == value


def test_a_bound_string_that_looks_like_a_list_is_a_string_if_the_variable_is() -> None:
    assert value_of("var.v", VARIABLE, {"var.v": "[a]"}) == "[a]"


def test_any_expression_can_be_bound_as_it_is_written() -> None:
    assert value_of("data.aws_ssm_parameter.x.value", "", {"data.aws_ssm_parameter.x.value": "acme"}) == "acme"
    assert value_of("local.bucket", "locals {\n  bucket = var.x\n}", {"local.bucket": "acme"}) == "acme"


def test_the_values_of_a_file_are_texts() -> None:
    text = 'bucket = "acme"\nnames = ["a", "b"]\ncount = 3\n'
    assert terraform.values_of(TextSource("x.tfvars", text)) == {"bucket": "acme", "names": '["a", "b"]', "count": "3"}
    text = '{"bucket": "acme", "names": ["a"]}'
    assert terraform.values_of(TextSource("x.tfvars.json", text))["bucket"] == "acme"


def test_what_is_absent_only_because_of_a_default_is_said() -> None:
    (found,) = read(
        'variable "on" {\n  default = false\n}\n'
        'resource "aws_iam_policy" "a" {\n  count  = var.on ? 1 : 0\n  policy = "{}"\n}\n'
        'resource "aws_iam_policy" "b" {\n  policy = jsonencode({ Statement = [] })\n}\n'
    )
    assert found.assumed == ("aws_iam_policy.a is left out, because var.on is false, its default (main.tf:2)",)


# Documents


def test_a_policy_variable_in_the_old_version_is_refused_as_the_provider_does() -> None:
    text = (
        'data "aws_iam_policy_document" "d" {\n  version = "2008-10-17"\n  statement {\n    actions   = ["s3:*"]\n'
        '    resources = ["&{aws:username}"]\n  }\n}\n'
    )
    with pytest.raises(PolicyLoadError, match=r"main\.tf:5:18: &{\.\.\.} stands in a document of version 2008-10-17"):
        _ = read(text)[0].node


@pytest.mark.parametrize("which", ["own", "source"])
def test_a_sid_that_stands_twice_is_refused_as_the_provider_does(which: str) -> None:
    statement = '  statement {\n    sid = "Same"\n    actions = ["s3:*"]\n  }\n'
    base = f'data "aws_iam_policy_document" "base" {{\n{statement}}}\n'
    twice = {
        "own": f'data "aws_iam_policy_document" "d" {{\n{statement}{statement}}}\n',
        "source": 'data "aws_iam_policy_document" "d" {\n  source_policy_documents = [\n'
        "    data.aws_iam_policy_document.base.json,\n    data.aws_iam_policy_document.base.json,\n  ]\n}\n",
    }[which]
    with pytest.raises(PolicyLoadError, match='the Sid "Same" stands twice'):
        _ = [found.node for found in read(base + twice)]


@pytest.mark.parametrize(("own", "over"), [('"A"', "var.s"), ("var.s", '"A"'), ("var.s", "var.t")])
def test_what_a_statement_of_another_or_unknown_sid_may_replace_is_in_doubt(own: str, over: str) -> None:
    block = 'data "aws_iam_policy_document" "{}" {{\n  statement {{\n    sid = {}\n    actions = ["s3:*"]\n  }}\n{}}}\n'
    (found,) = read(
        block.format("over", over, "")
        + block.format("d", own, "  override_policy_documents = [data.aws_iam_policy_document.over.json]\n")
    )
    assert doubts(found) == [(own if over == '"A"' else over), None]


def test_statements_of_one_block_do_not_replace_each_other() -> None:
    statements = "".join(
        f'  statement {{\n    sid = {sid}\n    actions = ["s3:*"]\n  }}\n' for sid in ('"A"', "var.s", '"B"')
    )
    (found,) = read(f'data "aws_iam_policy_document" "d" {{\n{statements}}}\n')
    assert doubts(found) == [None, None, None]


_USER = 'resource "aws_iam_user" "v" {\n  name = "veeam"\n}\n'
_GROUP = 'resource "aws_iam_group" "g" {\n  name = "g"\n}\n'


def _statement(effect: str) -> str:
    return f'jsonencode({{ Statement = [{{ Effect = {effect}, Action = "s3:*", Resource = "*" }}] }})'


def _had_by(text: str, principal: str) -> list[Found]:
    return [found for found in read(text) if principal in found.attachment.principals]


@pytest.mark.parametrize(("effect", "count"), [('"Deny"', 1), ("var.e", 1), ('"Allow"', 0)])
@pytest.mark.parametrize(
    "holder",
    [
        'resource "aws_iam_user_policy" "d" {{\n  user = var.u\n  policy = {}\n}}\n',
        'resource "aws_iam_policy" "d" {{\n  policy = {}\n}}\nresource "aws_iam_policy_attachment" "x" {{\n'
        "  users = var.u\n  policy_arn = aws_iam_policy.d.arn\n}}\n",
        'resource "aws_iam_policy" "d" {{\n  policy = {}\n}}\nresource "aws_iam_user_policy_attachment" "x" {{\n'
        "  for_each = var.u\n  user = each.value\n  policy_arn = aws_iam_policy.d.arn\n}}\n",
        _GROUP.replace("{", "{{").replace("}", "}}")
        + 'resource "aws_iam_group_policy" "d" {{\n  group = aws_iam_group.g.name\n  policy = {}\n}}\n'
        'resource "aws_iam_group_membership" "m" {{\n  group = aws_iam_group.g.name\n  users = var.u\n}}\n',
    ],
)
def test_what_an_unknown_principal_has_is_in_doubt_for_all_unless_it_only_allows(
    holder: str, effect: str, count: int
) -> None:
    found = _had_by(_USER + holder.format(_statement(effect)), "aws_iam_user.v")
    assert len(found) == count
    assert all(doubt is not None for each in found for doubt in doubts(each))


_ALLOW, _DENY = _statement('"Allow"'), _statement('"Deny"')


@pytest.mark.parametrize(("effect", "count"), [('"Deny"', 2), ("var.e", 2), ('"Allow"', 1)])
@pytest.mark.parametrize("holder", ["inline", "attached", "in a group"])
@pytest.mark.parametrize("named", ["inline", "attached", "in a group"])
def test_what_an_unknown_principal_has_is_in_doubt_for_one_that_is_only_named(
    named: str, holder: str, effect: str, count: int
) -> None:
    having = {
        "inline": 'resource "aws_iam_user_policy" "{0}" {{\n  user = {1}\n  policy = {2}\n}}\n',
        "attached": 'resource "aws_iam_policy" "{0}" {{\n  policy = {2}\n}}\n'
        'resource "aws_iam_user_policy_attachment" "{0}" {{\n  user = {1}\n  policy_arn = aws_iam_policy.{0}.arn\n}}\n',
        "in a group": 'resource "aws_iam_group" "{0}" {{\n  name = "{0}"\n}}\n'
        'resource "aws_iam_group_policy" "{0}" {{\n  group = "{0}"\n  policy = {2}\n}}\n'
        'resource "aws_iam_group_membership" "{0}" {{\n  group = "{0}"\n  users = [{1}]\n}}\n',
    }
    text = having[named].format("own", '"veeam"', _ALLOW)
    found = _had_by(text + having[holder].format("other", "var.u", _statement(effect)), "veeam")
    assert [doubts(each) for each in found] == [[None], *[["var.u"]] * (count - 1)]


@pytest.mark.parametrize("holder", ["role", "group"])
def test_an_unknown_role_or_group_is_no_user(holder: str) -> None:
    text = (
        f'resource "aws_iam_user_policy" "own" {{\n  user = "veeam"\n  policy = {_ALLOW}\n}}\n'
        f'resource "aws_iam_{holder}_policy" "d" {{\n  {holder} = var.h\n  policy = {_DENY}\n}}\n'
    )
    assert len(_had_by(text, "veeam")) == 1


def test_a_policy_that_others_may_have_as_well_is_not_taken_for_a_repeat(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf='resource "aws_iam_user_policy" "own" {\n  user = "veeam"\n  policy = '
        + _ALLOW
        + '\n}\nresource "aws_iam_user_policy" "d" {\n  user = var.u\n  policy = '
        + _DENY
        + "\n}\n",
    )
    found = [each for each in load_policies(path.parent) if "veeam" in each.attachment.principals]
    assert [each.statements[0].effect for each in found] == ["Allow", "Deny"]


_MEMBERSHIP = (
    _USER + _GROUP + 'resource "aws_iam_group_policy" "p" {\n  group = aws_iam_group.g.name\n  policy = '
    'jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })\n}\n'
)


@pytest.mark.parametrize(
    ("membership", "why"),
    [
        ('group_membership" "m" {\n  count = var.n\n  group = "g"\n  users = ["veeam"]\n}', "var.n"),
        ('user_group_membership" "m" {\n  for_each = var.n\n  user = "veeam"\n  groups = ["g"]\n}', "var.n"),
        ('group_membership" "m" {\n  group = "g"\n  users = concat([], var.n ? ["veeam"] : [])\n}', "var.n"),
        ('user_group_membership" "m" {\n  user = "veeam"\n  groups = concat([], var.n ? ["g"] : [])\n}', "var.n"),
        ('group_membership" "m" {\n  count = 1\n  group = "g"\n  users = ["veeam"]\n}', None),
    ],
)
def test_what_comes_by_a_membership_that_may_not_be_there_is_in_doubt(membership: str, why: str | None) -> None:
    text = f'{_MEMBERSHIP}resource "aws_iam_{membership}\n'
    of_user, of_group = (_had_by(text, name) for name in ("aws_iam_user.v", "aws_iam_group.g"))
    assert ([doubts(each) for each in of_user], [doubts(each) for each in of_group]) == ([[why]], [[None]])


@pytest.mark.parametrize("what", ["membership", "attachment"])
def test_what_a_module_ties_that_may_not_be_called_is_in_doubt(tmp_path: Path, what: str) -> None:
    inner = {
        "membership": 'resource "aws_iam_group_membership" "m" {\n  group = "g"\n  users = ["veeam"]\n}\n',
        "attachment": 'resource "aws_iam_user_policy_attachment" "m" {\n  user = "veeam"\n  policy_arn = var.p\n}\n'
        'variable "p" {}\n',
    }[what]
    path = module_of(
        tmp_path,
        main__tf=_MEMBERSHIP
        + 'resource "aws_iam_policy" "q" {\n  policy = '
        + _ALLOW
        + '\n}\nmodule "m" {\n  count = var.n\n  source = "./m"\n  p = aws_iam_policy.q.arn\n}\n',
    )
    module_of(tmp_path, **{"m--main__tf": inner})
    found = [each for each in found_in(path, tmp_path) if "aws_iam_user.v" in each.attachment.principals]
    assert [doubts(each) for each in found] == [["var.n"]]


def test_a_name_means_the_user_that_another_module_makes(tmp_path: Path) -> None:
    deny = f'resource "aws_iam_user_policy" "d" {{\n  user = "veeam"\n  policy = {_DENY}\n}}\n'
    path = module_of(tmp_path, main__tf=f'{_USER}module "m" {{\n  source = "./m"\n}}\n', **{"m--main__tf": deny})
    assert [each.attachment.principals for each in found_in(path, tmp_path)] == [("aws_iam_user.v",)]


@pytest.mark.parametrize("groups", ["var.g", '["other"]', "[var.g]"])
def test_of_a_group_that_the_module_does_not_make_nothing_is_known(groups: str) -> None:
    text = (
        f'{_USER}resource "aws_iam_user_policy" "a" {{\n  user = aws_iam_user.v.name\n'
        f"  policy = {_ALLOW}\n}}\n"
        f'resource "aws_iam_user_group_membership" "m" {{\n  user = aws_iam_user.v.name\n  groups = {groups}\n}}\n'
    )
    _, unknown = _had_by(text, "aws_iam_user.v")
    assert isinstance(unknown.node.value, Template)


@pytest.mark.parametrize("membership", ['group = "g"\n  users = ["veeam"]', 'group = "g"\n  users = var.u'])
def test_what_a_group_has_from_elsewhere_its_members_have(membership: str) -> None:
    text = (
        f'{_USER}{_GROUP}resource "aws_iam_group_policy_attachment" "a" {{\n  group = aws_iam_group.g.name\n'
        f'  policy_arn = "arn:aws:iam::111122223333:policy/deny"\n}}\nresource "aws_iam_user_policy" "p" {{\n'
        f"  user = aws_iam_user.v.name\n  policy = {_ALLOW}\n}}\n"
        f'resource "aws_iam_group_membership" "m" {{\n  {membership}\n}}\n'
    )
    _, unknown = _had_by(text, "aws_iam_user.v")
    assert isinstance(unknown.node.value, Template)


@pytest.mark.parametrize(
    ("attachment", "unknown", "bounded"),
    [
        ('managed_policy_attachment" "x" {\n  managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"', 0, 0),
        ('managed_policy_attachment" "x" {\n  managed_policy_arn = "arn:aws:iam::aws:policy/AWSDenyAll"', 1, 0),
        ('customer_managed_policy_attachment" "x" {', 1, 0),
        ('permissions_boundary_attachment" "x" {', 0, 1),
    ],
)
@pytest.mark.parametrize("of", ["aws_ssoadmin_permission_set.s.arn", "var.s"])
def test_a_permission_set_may_have_what_nobody_knows(attachment: str, unknown: int, bounded: int, of: str) -> None:
    found = read(
        'resource "aws_ssoadmin_permission_set" "s" {\n  name = "backup"\n}\n'
        'resource "aws_ssoadmin_permission_set_inline_policy" "p" {\n'
        f"  permission_set_arn = aws_ssoadmin_permission_set.s.arn\n  inline_policy = {_ALLOW}\n}}\n"
        f'resource "aws_ssoadmin_{attachment}\n  permission_set_arn = {of}\n}}\n'
    )
    name = "aws_ssoadmin_permission_set.s"
    of_set = [each for each in found if name in each.attachment.principals]
    assert [isinstance(each.node.value, Template) for each in of_set] == [False, *[True] * unknown]
    assert sum(name in each.attachment.boundary_of for each in found) == bounded


def test_a_statement_with_an_unknown_key_may_say_anything() -> None:
    fields = 'Effect = "Allow", (var.x) = "s3:*", Resource = "*"'
    (found,) = read(f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{Statement = [{{ {fields} }}] }})\n}}\n')
    policy = read_policy(found.node)
    assert policy.all_problems == ()
    assert [(each.effect, each.doubt and each.doubt.expression) for each in policy.statements] == [
        ("Allow", "var.x"), ("Deny", "var.x"),
    ]  # fmt: skip


def test_a_resource_that_begins_with_a_star_and_goes_on_unknown_is_not_refused() -> None:
    fields = 'Effect = "Allow", Action = "s3:*", Resource = "*${var.y}"'
    (found,) = read(f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{Statement = [{{ {fields} }}] }})\n}}\n')
    assert read_policy(found.node).all_problems == ()


def test_a_principal_of_unknown_kind_puts_the_statement_in_doubt() -> None:
    (found,) = read(
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:*"]\n    resources = ["*"]\n'
        '    dynamic "principals" {\n      for_each = var.who\n      content {\n        type = principals.value.type\n'
        "        identifiers = principals.value.ids\n      }\n    }\n  }\n}\n"
    )
    assert doubts(found) == ["var.who"]


def test_both_of_two_lists_one_of_which_is_null_make_an_unknown_statement() -> None:
    (found,) = read(
        'variable "s" {}\ndata "aws_iam_policy_document" "d" {\n  statement {\n    actions = var.s.actions\n'
        "    not_actions = var.s.not_actions\n  }\n}\n"
    )
    assert isinstance(_statements(found)[0].value, Template)


def test_a_star_as_principal_is_the_bare_star() -> None:
    (found,) = read(
        'resource "aws_iam_policy" "p" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:*"]\n    principals {\n'
        '      type = "*"\n      identifiers = ["*"]\n    }\n  }\n}\n'
    )
    assert plain(_member(found.node, "Statement", 0, "Principal")) == "*"


def test_an_empty_text_or_null_is_no_document_but_an_unknown_one() -> None:
    (found,) = read('variable "p" {\n  default = ""\n}\nresource "aws_iam_policy" "p" {\n  policy = var.p\n}\n')
    assert plain(found.node) == "${var.p}"


def test_a_duplicate_key_of_an_encoded_document_is_kept_for_the_grammar() -> None:
    (found,) = read(
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({\n    Statement = []\n    Statement = [1]\n  })\n}\n'
    )
    with pytest.raises(PolicyLoadError, match=r'main\.tf:4:5: "Statement" stands twice'):
        read_policy(found.node)


@pytest.mark.parametrize("expression", ["one(_[*].json)", 'join("", _.*.json)', "_[0].json"])
def test_a_document_of_unknown_count_that_is_used_at_most_once_is_known(expression: str) -> None:
    document = expression.replace("_", "data.aws_iam_policy_document.d")
    (found,) = read(
        'data "aws_iam_policy_document" "d" {\n  count = var.on ? 1 : 0\n  statement {\n    actions = ["*"]\n  }\n}\n'
        f'resource "aws_iam_policy" "p" {{\n  policy = {document}\n}}\n'
    )
    assert doubts(found) == [None if "[0]" in expression else "var.on ? 1 : 0"]


def test_an_attachment_that_may_not_be_made_puts_the_document_in_doubt() -> None:
    text = (
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{ Effect = "Allow" }] })\n}\n'
        'resource "aws_iam_role_policy_attachment" "a" {\n  count = var.on ? 1 : 0\n  role = "veeam"\n'
        "  policy_arn = aws_iam_policy.p.arn\n}\n"
    )
    (found,) = read(text)
    assert (found.attachment.principals, doubts(found)) == (("veeam",), ["var.on ? 1 : 0"])
    more = 'resource "aws_iam_user_policy_attachment" "b" {\n  user = "u"\n  policy_arn = aws_iam_policy.p.arn\n}\n'
    assert [(found.attachment.principals, doubts(found)) for found in read(text + more)] == [
        (("u",), [None]), (("veeam",), ["var.on ? 1 : 0"]),
    ]  # fmt: skip


_DATA = 'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:*"]\n    resources = ["*"]\n  }\n}\n'
_JSON = "data.aws_iam_policy_document.d.json"
_REMOTE = 'module "m" {{\n  source = "terraform-aws-modules/iam/aws//modules/iam-policy"\n  {}\n}}\n'


@pytest.mark.parametrize(
    ("user", "is_alone"),
    [
        (f'output "o" {{\n  value = {_JSON}\n}}\n', True),
        (f'locals {{\n  a = {_JSON}\n  b = 1\n}}\noutput "o" {{\n  value = local.a\n}}\n', True),
        (f"locals {{\n  a = {_JSON}\n  b = local.a\n}}\n" + _REMOTE.format("policy = local.b"), True),
        (f"locals {{\n  a = {_JSON}\n}}\n", True),
        (f"locals {{\n  a = [local.b, {_JSON}]\n  b = local.a\n}}\n", True),
        (f'locals {{\n  a = {_JSON}\n}}\nresource "x_y" "z" {{\n  value = local.a\n}}\n', False),
        (
            f'resource "aws_s3_bucket_policy" "z" {{\n  policy = {_JSON}\n}}\noutput "o" {{\n  value = {_JSON}\n}}\n',
            False,
        ),
        (_REMOTE.format(f"policy = {_JSON}"), True),
        (f'module "m" {{\n  source = "./m"\n  policy = {_JSON}\n}}\n', False),
    ],
)
def test_a_document_that_is_only_shown_or_handed_away_is_found_once(user: str, is_alone: bool) -> None:
    assert [each.entity for each in read(_DATA + user)] == (["data.aws_iam_policy_document.d"] if is_alone else [])


@pytest.mark.parametrize(
    ("user", "is_alone"),
    [
        ({"output": {"o": {"value": f"${{{_JSON}}}"}}}, True),
        ({"output": {"o": {"value": f"${{{_JSON}}}"}}, "variable": {"v": {}}}, True),
        ({"locals": {"a": f"${{{_JSON}}}", "b": 1}, "output": {"o": {"value": "${local.a}"}}}, True),
        ({"locals": {"a": f"${{{_JSON}}}"}, "resource": {"x_y": {"z": {"value": "${local.a}"}}}}, False),
        (
            {"output": {"o": {"value": 1}}, "resource": {"aws_s3_bucket_policy": {"z": {"policy": f"${{{_JSON}}}"}}}},
            False,
        ),
        ({"module": {"m": {"source": "a/b/aws", "policy": f"${{{_JSON}}}"}}}, True),
        ({"module": {"m": {"source": "./m", "policy": f"${{{_JSON}}}"}}}, False),
    ],
)
def test_a_document_in_json_that_is_only_shown_or_handed_away_is_found_once(
    user: dict[str, Any], is_alone: bool
) -> None:
    data = {"aws_iam_policy_document": {"d": {"statement": {"actions": ["s3:*"], "resources": ["*"]}}}}
    text = TextSource("main.tf.json", json.dumps({"data": data, **user}, indent=1))
    found = terraform.read(text, Reading(Bindings(), name="main.tf.json"))
    assert [each.entity for each in found] == (["data.aws_iam_policy_document.d"] if is_alone else [])


@pytest.mark.parametrize(
    ("argument", "actions"),
    [
        ('policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })', ["s3:*"]),
        ('x = jsonencode({ Statement = { Effect = "Allow", Action = "s3:*", Resource = "*" } })', ["s3:*"]),
        ('policies = [jsonencode({ Statement = { Action = "a:b" } }), jsonencode({ Statement = { Action = "c:d" } })]',
         ["a:b", "c:d"]),
        ('inline_policies = { a = { policy = jsonencode({ Statement = [{ Action = "a:b" }] }) } }', ["a:b"]),
        ('policy = <<EOF\n{"Statement": [{"Action": "s3:*", "Resource": "${var.x}"}]}\nEOF', ["s3:*"]),
        ("policy = local.p", ["l:l"]),
        ("policy = { Statement = [{ Action = \"a:b\" }] }", ["a:b"]),
        ('policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "sts:AssumeRole" }] })', []),
        ('policy_name = "veeam"', []),
        ("policy = var.x", []),
        ('policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"', []),
        ("policies = [var.x, 1, null, {}]", []),
    ],
)  # fmt: skip
def test_what_a_module_elsewhere_is_called_with_is_found(argument: str, actions: list[str]) -> None:
    text = 'locals {\n  p = jsonencode({ Statement = [{ Action = "l:l" }] })\n}\n' + _REMOTE.format(argument)
    found = read(text)
    first = (_member(each.node, "Statement") for each in found)
    statements = (each.value[0] if isinstance(each.value, list) else each for each in first)
    assert [plain(_member(each, "Action")) for each in statements] == actions
    assert {(each.entity, each.attachment.principals) for each in found} <= {(f"module.m.{argument.split(' ')[0]}", ())}


def test_what_a_module_elsewhere_may_be_called_with_is_in_doubt() -> None:
    policy = 'policy = jsonencode({ Statement = [{ Effect = "Allow" }] })'
    (found,) = read(_REMOTE.format(f"count = var.n\n  {policy}"))
    assert doubts(found) == ["var.n"]
    assert [each.entity for each in read(_REMOTE.format(f"count = 2\n  {policy}"))] == [
        "module.m[0].policy", "module.m[1].policy",
    ]  # fmt: skip


def test_a_policy_that_a_module_elsewhere_is_called_with_and_nobody_can_read_is_an_error() -> None:
    (found,) = read(_REMOTE.format('policy = "{\\"Statement\\": [}"'))
    with pytest.raises(PolicyLoadError, match=r"main\.tf:3"):
        found.read()


def test_what_a_called_module_hands_away_is_found(tmp_path: Path) -> None:
    path = module_of(tmp_path, main__tf='module "m" {\n  source = "./m"\n  p = var.x\n}\n')
    module_of(tmp_path, **{"m--main__tf": _DATA + _REMOTE.format(f"policy = {_JSON}")})
    assert [each.entity for each in found_in(path, tmp_path)] == ["module.m.data.aws_iam_policy_document.d"]
    module_of(tmp_path, **{"m--main__tf": _DATA + f'output "o" {{\n  value = {_JSON}\n}}\n'})
    directory.forget()
    assert [each.entity for each in found_in(path, tmp_path)] == []


# Modules and files


_OF = 'resource "aws_iam_policy" "{}" {{\n  policy = jsonencode({{ Statement = [{{ Effect = "{}" }}] }})\n}}\n'


@pytest.mark.parametrize("suffix", ["", "__json"])
def test_a_file_of_opentofu_is_read_instead_of_terraform_s(tmp_path: Path, suffix: str) -> None:
    texts = {
        "main__tf": _OF.format("p", "Deny"),
        "main__tofu": _OF.format("p", "Allow"),
        "b__tf": _OF.format("b", "Deny"),
    }
    if suffix:
        policy = {"policy": '{"Statement": [{"Effect": "Allow"}]}'}
        texts = {
            "main__tf__json": json.dumps({"resource": {"aws_iam_policy": {"q": policy}}}),
            "main__tofu__json": json.dumps({"resource": {"aws_iam_policy": {"p": policy}}}),
            "main__tf": _OF.format("b", "Deny"),
        }
    directory = module_of(tmp_path, **texts).parent
    assert {each.entity for each in load_policies(directory)} == {"aws_iam_policy.p", "aws_iam_policy.b"}
    assert {each.statements[0].effect for each in load_policies(directory) if each.entity == "aws_iam_policy.p"} == {
        "Allow"
    }
    assert {unit_of(each.path) for each in load_policies(directory)} == {directory.as_posix()}


def test_files_of_opentofu_are_one_module_with_the_others(tmp_path: Path) -> None:
    attachment = 'resource "aws_iam_role_policy_attachment" "a" {{\n  role = "veeam"\n  policy_arn = {}\n}}\n'
    path = module_of(
        tmp_path,
        p__tofu=_OF.format("p", "Allow"),
        a__tf=attachment.format("aws_iam_policy.p.arn"),
        override__tofu=_OF.format("p", "Deny"),
    )
    (found,) = found_in(path, tmp_path)
    assert found.attachment.principals == ("veeam",)
    assert plain(_member(found.node, "Statement", 0, "Effect")) == "Deny"
    module_of(tmp_path, **{"root--main__tofu": 'module "m" {\n  source = "../"\n}\n'})
    assert [place.path for place in terraform.callers_of(tmp_path, tmp_path)] == ["root/main.tofu"]


def test_a_variable_of_a_module_that_is_read_alone_is_unknown(tmp_path: Path) -> None:
    case = FORM / "called-modules"
    (found, *_) = found_in(case / "modules" / "veeam" / "main.tf", case)
    assert summaries([found])[0]["statements"][0]["Resource"] == ["arn:aws:s3:::${var.bucket}"]


def test_who_calls_a_module_can_be_asked() -> None:
    case = FORM / "called-modules"
    assert [str(place) for place in terraform.callers_of(case / "modules" / "veeam", case)] == ["main.tf:7:3"]
    assert terraform.callers_of(case, case) == ()


def test_a_bucket_that_is_named_after_itself_is_unknown() -> None:
    assert value_of("aws_s3_bucket.b.arn", 'resource "aws_s3_bucket" "b" {\n  bucket = aws_s3_bucket.b.id\n}') == (
        "${aws_s3_bucket.b.arn}"
    )


def test_a_module_that_calls_itself_ends(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf='module "a" {\n  source = "./a"\n}\n',
        **{"a--main__tf": 'module "a" {\n  source = "../a"\n}\nmodule "up" {\n  source = "../"\n}\n'
           'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [] })\n}\n'},
    )  # fmt: skip
    assert [found.entity for found in found_in(path, tmp_path)] == ["module.a.aws_iam_policy.p"]


def test_a_module_of_unknown_count_puts_its_documents_in_doubt(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf='module "a" {\n  source = "./a"\n  count = var.on\n}\n',
        **{"a--main__tf": 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{}] })\n}\n'},
    )
    (found,) = found_in(path, tmp_path)
    assert doubts(found) == ["var.on"]


@pytest.mark.parametrize("where", ["../outside", "./link", "git::https://example.com/x.git", "./nowhere", "/etc"])
def test_a_module_that_is_not_inside_the_root_is_not_read(where: str, tmp_path: Path) -> None:
    (root := tmp_path / "root").mkdir()
    policy = 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{}] })\n}\n'
    module_of(tmp_path, **{"outside--main__tf": policy})
    (root / "link").symlink_to(tmp_path / "outside")
    path = module_of(root, main__tf=f'module "a" {{\n  source = "{where}"\n}}\n')
    assert found_in(path, root) == []


@pytest.mark.parametrize("where", ["../secret.json", "/etc/passwd", "link.json", "nowhere.json", "."])
@pytest.mark.parametrize("call", ["file", "templatefile"])
def test_a_file_that_is_not_inside_the_root_is_not_read(where: str, call: str, tmp_path: Path) -> None:
    (root := tmp_path / "root").mkdir()
    (tmp_path / "secret.json").write_text('{"Statement": []}', "utf-8")
    (root / "link.json").symlink_to(tmp_path / "secret.json")
    values = ", {}" if call == "templatefile" else ""
    path = module_of(root, main__tf=f'resource "aws_iam_policy" "p" {{\n  policy = {call}("{where}"{values})\n}}\n')
    (found,) = found_in(path, root)
    with pytest.raises(PolicyLoadError, match=r"main\.tf:2:12: it names .* no regular file inside the repository"):
        _ = found.node


def test_a_text_without_a_file_reads_no_files() -> None:
    (found,) = read('resource "aws_iam_policy" "p" {\n  policy = file("x.json")\n}\n')
    with pytest.raises(PolicyLoadError, match="a text is read without files"):
        _ = found.node


def test_a_broken_neighbour_does_not_lose_the_documents_and_is_named_if_it_is_needed(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf='resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [local.x, local.y] })\n}\n',
        broken__tf='locals {\n  x = "a\n}\n',
        other__tf='locals {\n  y = "b"\n}\n',
    )
    (found,) = found_in(path, tmp_path)
    assert plain(found.node) == {"Statement": ["${local.x}", "b"]}
    assert found.assumed == (
        'local.x is unknown, and broken.tf:2 cannot be read: this is not HCL: did not expect ""a"',
    )


def test_a_resource_that_two_files_declare_is_an_error_of_this_document_alone(tmp_path: Path) -> None:
    policy = 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [] })\n}\n'
    path = module_of(tmp_path, main__tf=policy + policy.replace('"p"', '"q"'), other__tf="\n" + policy)
    first, second = found_in(path, tmp_path)
    with pytest.raises(PolicyLoadError, match=r"aws_iam_policy\.p is declared twice \(first at other\.tf:2\)"):
        _ = first.node
    assert plain(second.node) == {"Statement": []}


def test_a_commented_block_of_a_neighbour_is_none(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf='resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [aws_s3_bucket.b.arn] })\n}\n',
        other__tf='/*\nresource "aws_s3_bucket" "b" {\n  bucket = "acme"\n}\n*/\n',
        heredoc__tf='locals {\n  x = <<EOF\nresource "aws_s3_bucket" "b" {\n  bucket = "acme"\n}\nEOF\n}\n',
    )
    (found,) = found_in(path, tmp_path)
    assert plain(found.node) == {"Statement": ["${aws_s3_bucket.b.arn}"]}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    text = 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [local.x] })\n}\n'
    path = module_of(tmp_path, main__tf=text, other__tf='locals {\n  x = "a"\n}\n')
    for value in "abc":
        (tmp_path / "other.tf").write_text(f'locals {{\n  x = "{value}"\n}}\n', "utf-8")
        (found,) = found_in(path, tmp_path)
        assert plain(found.node) == {"Statement": [value]}


def test_characters_of_several_bytes_do_not_shift_places() -> None:
    (found,) = read(
        '# \u00e4\u00f6\u00fc\U0001f600\nresource "aws_iam_policy" "p" {\n'
        '  policy = jsonencode({ Id = "\u00e9", Statement = [{ Effect = "${var.\u00fc}" }] })\n}\n'
    )
    (statement,) = _statements(found)
    (token,) = tokens(found.node)
    assert (str(statement.location), str(token.location)) == ("main.tf:3:48", "main.tf:3:62")


UNKNOWN = [
    "alltrue([var.v])", "anytrue(var.v)", "chunklist(var.v, 1)", "coalescelist(var.v, [])", "coalesce(var.v, 1)",
    "contains(var.v, 1)", "contains([var.v], 1)", "distinct(1)", "element(var.v, 0)", "endswith(var.v, 1)",
    "filebase64(path.module)", "file(var.v)", "format(var.v)", 'format("%q%z", "a")',
    "formatlist(var.v, var.v, [1])", 'formatlist("%s", [1], [1, 2])', "jsondecode(var.v)", "jsonencode(var.v)",
    "length(var.v)", "length(1)", "lookup(var.v, 1, 2)", "lower(var.v)", "max(1, var.v)", "merge({}, var.v)",
    "one([1, 2])", "one(var.v)", "range(var.v)", "range(0, 1, 0)", 'replace("a", "/a/", "b")',
    'replace(var.v, "a", "b")', 'replace("a", var.v, "b")', "reverse(1)", "setproduct([1], var.v)",
    "slice(var.v, 0, 1)", "split(var.v, 1)", "join(var.v, [1])", "startswith(1, var.v)", "substr(var.v, 0, 1)",
    "tobool(var.v)", "tonumber(var.v)", 'tonumber("x")', "trim(var.v, 1)", "zipmap(var.v, [1])",
    "zipmap([var.v], [1])", "zipmap([1], [])", "keys(1)", "values(1)", "upper()", "try()", "can(var.v)",
    "var.v + 1", "-var.v", "1 < var.v", "!var.v", "var.v == 1", '"a" + 1', "[1][1]", "[1][-1]", "1.a", "null.a",
    "var.v[var.v]", "[1][var.v]", "{ a = 1 }.b", "{ (var.v) = 1 }.b", "[for x in 1 : x]", "merge(var.v...)",
    "templatefile(var.v, {})", 'templatefile("x", var.v)', "nobody.knows", "provider::aws::arn_parse(1)",
    "path.cwd[0]",
]  # fmt: skip


@pytest.mark.parametrize("expression", UNKNOWN)
def test_what_nobody_knows_or_terraform_refuses_is_unknown_and_keeps_its_name(expression: str) -> None:
    (found,) = read(f'{policy_of(f"[{expression}]")}variable "v" {{}}\n')
    assert [token.expression for token in tokens(found.node)]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("values(aws_s3_bucket.d)[0].bucket", "acme"),
        ('{ for k, b in aws_s3_bucket.d : k => b.bucket }', {"x": "acme"}),
        ("[for b in aws_s3_bucket.one : b.bucket]", ["acme-one"]),
        ("aws_s3_bucket.one[*].bucket", ["acme-one"]),
        ("aws_s3_bucket.d[0].bucket", "${aws_s3_bucket.d[0].bucket}"),
        ("try(aws_s3_bucket.d[\"y\"].bucket, \"none\")", "none"),
        ("aws_s3_bucket.one.tags.team", "a"),
        ("aws_s3_bucket.one.tags", {"team": "a"}),
        ("aws_s3_bucket.one.force_destroy", "${aws_s3_bucket.one.force_destroy}"),
        ("aws_s3_bucket.one", "${aws_s3_bucket.one}"),
        ("aws_iam_role.r.id", "veeam"),
        ("aws_iam_role.r.arn", "${aws_iam_role.r.arn}"),
        ("each.key", "${each.key}"),
        ("count.index", "${count.index}"),
        ("data.aws_iam_policy_document.none.json", "${data.aws_iam_policy_document.none.json}"),
        ("data.template_file.none.rendered", "${data.template_file.none.rendered}"),
        ("module.none", "${module.none}"),
        ("module.none[*].x", ["${module.none.x}"]),
        ("[for k in toset([aws_s3_bucket.two.arn, aws_s3_bucket.two.arn]) : k]", ["${aws_s3_bucket.two.arn}"] * 2),
        ("flatten([aws_s3_bucket.two.arn, data.aws_caller_identity.x.account_id])",
         ["${aws_s3_bucket.two.arn}", "${data.aws_caller_identity.x.account_id}"]),
        ("flatten([var.w])", [{"if": "var.w", "then": "${var.w}"}]),
        ('"${[1]}"', ["1"]),
        ('"a${[1]}"', "a${[1]}"),
        ("null", None),
    ],
)  # fmt: skip
def test_a_reference_means_what_its_block_says(expression: str, value: object) -> None:
    blocks = (
        'resource "aws_s3_bucket" "d" {\n  for_each = { x = "acme" }\n  bucket = each.value\n}\n'
        'resource "aws_s3_bucket" "one" {\n  bucket = "acme-one"\n  tags = { team = "a" }\n}\n'
        'resource "aws_s3_bucket" "two" {\n}\nresource "aws_iam_role" "r" {\n  name = "veeam"\n}\nvariable "w" {}\n'
    )
    assert value_of(expression, blocks) == value


def test_what_a_bucket_is_called_in_a_file_that_cannot_be_read_is_unknown() -> None:
    (found,) = read(policy_of("[]") + 'resource "aws_s3_bucket" "b" {\n  bucket = jsondecode("{")\n}\n')
    assert found.buckets == (("tf:aws_s3_bucket.b", None),)


def policy_of(statement: str) -> str:
    return f'resource "aws_iam_policy" "p" {{\n  policy = jsonencode({{ Statement = {statement} }})\n}}\n'


def test_a_count_that_cannot_be_read_is_an_error_of_its_document() -> None:
    (found,) = read('resource "aws_iam_policy" "p" {\n  count  = jsondecode("{")\n  policy = "{}"\n}\n')
    with pytest.raises(PolicyLoadError, match="the text ends"):
        _ = found.node


def test_an_attachment_that_cannot_be_read_loses_no_document() -> None:
    (found,) = read(
        policy_of("[]") + 'resource "aws_iam_role_policy_attachment" "a" {\n  for_each = jsondecode("{")\n'
        "  policy_arn = aws_iam_policy.p.arn\n}\n"
    )
    assert found.attachment.principals == ()


def test_a_user_may_be_member_of_a_group_of_another_name() -> None:
    found, elsewhere = read(
        'resource "aws_iam_group_policy" "p" {\n  group  = "arn:aws:iam::111122223333:group/a/operators"\n'
        '  policy = "{}"\n}\n'
        'resource "aws_iam_group_membership" "m" {\n  group = "operators"\n  users = ["anna"]\n}\n'
    )
    assert found.attachment.principals == ("operators", "anna")
    assert elsewhere.attachment.principals == ("anna",)  # what the group has besides, nobody knows


def test_more_copies_than_can_be_told_apart_are_one_in_doubt() -> None:
    names = ", ".join(f'"n{number}"' for number in range(300))
    (found,) = read(policy_of("[{}]").replace("{\n", f"{{\n  for_each = toset([{names}])\n", 1))
    assert doubts(found)[0] is not None


@pytest.fixture
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not be old to be kept."""
    monkeypatch.setattr("pytest_veeam_iam.sources.terraform.directory._RACY", -1)
    directory.forget()


@pytest.mark.usefixtures("old_files")
def test_what_was_read_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf=policy_of('[local.x, file("x.txt"), module.a.y]') + 'module "a" {\n  source = "./a"\n}\n',
        other__tf='locals {\n  x = "a"\n}\n',
        x__txt="a",
        **{"a--main__tf": 'output "y" {\n  value = "a"\n}\n'},
    )
    bindings = Bindings()

    def statements() -> object:
        text = TextSource("main.tf", path.read_text("utf-8"))
        (found,) = terraform.read(text, Reading(bindings, path, "main.tf", tmp_path))
        return plain(found.node)["Statement"]

    assert statements() == statements() == ["a", "a", "a"]
    (tmp_path / "other.tf").write_text('locals {\n  x = "bb"\n}\n', "utf-8")
    assert statements() == ["bb", "a", "a"]
    (tmp_path / "x.txt").write_text("ccc", "utf-8")
    assert statements() == ["bb", "ccc", "a"]
    (tmp_path / "a" / "main.tf").write_text('output "y" {\n  value = "dddd"\n}\n', "utf-8")
    assert statements() == ["bb", "ccc", "dddd"]
    (tmp_path / "x.txt").unlink()
    assert statements() == ["bb", '${file("x.txt")}', "dddd"]


@pytest.mark.usefixtures("old_files")
def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_KEPT", directory._Kept(300))
    for number in range(20):
        (folder := tmp_path / str(number)).mkdir()
        path = module_of(folder, main__tf=policy_of("[1]"))
        assert len(found_in(path, tmp_path)) == 1
        assert len(directory._KEPT._readings) <= 4


def test_a_directory_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyLoadError, match="the system cannot list it"):
        directory.read_directory(tmp_path / "nowhere", "nowhere")


def test_a_block_stands_alone_whatever_its_file_looks_like(tmp_path: Path) -> None:
    path = module_of(
        tmp_path,
        main__tf=policy_of("[var.a, var.b, var.c, var.d, local.e, local.f]"),
        a__tf='variable "a" { default = "a" }\nvariable "b" {\n  default = "b"\n    }\n',
        c__tf='variable "c" {\n  default = "c"\n}\nvariable "c" {\n  default = "c"\n}\n',
        d__tf='locals { e = "e" }\nlocals {\n  f = "f"\n}\nvariable "d" {\n  default = {\n}\n}\n',
    )
    (found,) = found_in(path, tmp_path)
    assert plain(found.node)["Statement"] == ["a", "b", "${var.c}", {}, "e", "f"]


def test_an_unusual_header_is_a_header() -> None:
    (found,) = read('resource aws_iam_policy /* why */ "p" {\n  policy = "{}"\n}\n')
    assert found.entity == "aws_iam_policy.p"


def test_a_heredoc_loses_the_indentation_that_its_lines_share() -> None:
    text = 'locals {\n  x = <<-EOF\n      a\n    ${"b"}\n\n        c ${"d"}\n    EOF\n}\n'
    assert value_of("local.x", text) == "  a\nb\n\n    c d\n"


def test_a_document_that_is_no_object_cannot_be_merged() -> None:
    (found,) = read('data "aws_iam_policy_document" "d" {\n  source_policy_documents = ["[1]"]\n}\n')
    with pytest.raises(PolicyLoadError, match="a policy document is an object, but here stands a list"):
        _ = found.node


def test_the_id_and_version_of_merged_documents_are_the_last_and_the_highest() -> None:
    document = 'jsonencode({ Version = "2012-10-17", Id = "theirs" })'
    (found,) = read(
        'data "aws_iam_policy_document" "d" {\n  version = "2008-10-17"\n  policy_id = "own"\n'
        f"  override_policy_documents = [{document}, null]\n}}\n"
    )
    assert plain(found.node) == {"Version": "2012-10-17", "Id": "theirs", "Statement": []}


def test_a_statement_in_doubt_takes_nobodys_place() -> None:
    def statement(sid: str, action: str) -> str:
        return f'statement {{\n    sid = "{sid}"\n    actions = ["{action}"]\n  }}\n'

    content = 'content {\n      sid = "Same"\n      actions = ["s3:B"]\n    }\n'
    maybe = f'  dynamic "statement" {{\n    for_each = var.on\n    {content}  }}\n'
    base = f'data "aws_iam_policy_document" "base" {{\n  {statement("Same", "s3:A")}}}\n'
    (found,) = read(
        f'{base}data "aws_iam_policy_document" "d" {{\n'
        f"  source_policy_documents = [data.aws_iam_policy_document.base.json]\n{maybe}}}\n"
    )
    assert doubts(found) == ["var.on", "var.on"]


def test_a_condition_of_unknown_test_puts_the_statement_in_doubt() -> None:
    (found,) = read(
        'variable "v" {}\ndata "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["s3:*"]\n'
        '    resources = ["*"]\n'
        '    condition {\n      test = var.v\n      variable = "a"\n      values = []\n    }\n  }\n}\n'
    )
    (statement,) = read_policy(found.node).statements
    assert statement.doubt is not None
    assert statement.doubt.expression == "var.v"


def test_an_object_of_the_json_syntax_is_one_whose_keys_are_templates() -> None:
    text = json.dumps(
        {
            "variable": {"x": {}},
            "resource": {"aws_iam_policy": {"p": {"policy": "${jsonencode(local.d)}"}}},
            "locals": {"d": {"Statement": [{"a${var.x}": "1", '${upper("b")}': True, "c": None}]}, "//": "why"},
        }
    )
    (found,) = terraform.read(TextSource("main.tf.json", text), Reading(name="main.tf.json"))
    assert plain(found.node)["Statement"] == [{"a${var.x}": {"if": "var.x", "then": "1"}, "B": True, "c": None}]
