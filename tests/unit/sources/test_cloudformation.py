"""CloudFormation templates: the documents in them, their values as far as they are known, and who has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Node, Template, TextSource
from pytest_veeam_iam.sources import cloudformation, json_text, yaml_text
from pytest_veeam_iam.sources.forms import may_hold_policy
from pytest_veeam_iam.sources.found import Bindings, Found, Reading
from pytest_veeam_iam.sources.mapping import tree_of
from tests.examples_runner import EXAMPLES, cases, expected, inputs, plain, summaries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.tree import Token

FORM = "cloudformation"
VEEAM = EXAMPLES / "documented.json"


def tree_from(text: str, name: str = "t.yaml") -> Node:
    source = TextSource(name, text)
    return json_text.parse(source) if name.endswith(".json") else yaml_text.parse_all(source)[0]


def read(text: str, bind: dict[str, str] | None = None, *, assume_defaults: bool = True) -> list[Found]:
    reading = Reading(Bindings(bind or {}, assume_defaults=assume_defaults))
    return cloudformation.read(tree_from(text), reading)


def example(case: str) -> tuple[str, list[Found]]:
    (path,) = inputs(FORM, case)
    text = path.read_text("utf-8")
    return text, cloudformation.read(tree_from(text, path.name), Reading())


def nodes(node: Node) -> Iterator[Node]:
    yield node
    children = (
        node.value if isinstance(node.value, list) else node.value.values() if isinstance(node.value, dict) else ()
    )
    for child in children:
        yield from nodes(child)


# Examples


@pytest.mark.parametrize("case", cases(FORM))
def test_an_example_holds_what_is_expected(case: str) -> None:
    _, found = example(case)
    assert summaries(found) == expected(FORM, case)


@pytest.mark.parametrize("case", cases(FORM))
def test_every_statement_of_an_example_stands_where_it_is_said_to(case: str) -> None:
    text, found = example(case)
    lines = text.splitlines()
    for document in found:
        for node in nodes(document.node):
            place = node.location
            if isinstance(node.value, dict) and "Effect" in node.value and place.line and place.column:
                rest = lines[place.line - 1][place.column - 1 :]
                assert rest.startswith(("{", *(f"{key}:" for key in node.value)))


@pytest.mark.parametrize("case", cases(FORM))
def test_a_template_with_a_policy_mentions_what_is_looked_for(case: str) -> None:
    text, found = example(case)
    assert found
    assert any(mention in text for mention in cloudformation.MENTIONS)


@pytest.mark.parametrize("case", ["veeam", "veeam-json"])
def test_the_veeam_policy_is_the_same_as_in_plain_json(case: str) -> None:
    _, (found,) = example(case)
    assert plain(found.node) == json.loads(VEEAM.read_text("utf-8"))
    assert found.buckets == (("cfn:RepositoryBucket", "acme-veeam"),)
    assert found.attachment.principals == ("BackupRole" if case == "veeam" else "BackupUser",)


def test_the_veeam_policy_is_the_same_in_yaml() -> None:
    (path,) = [each for each in (EXAMPLES / "document" / "veeam-yaml").iterdir() if each.suffix == ".yaml"]
    assert plain(tree_from(path.read_text("utf-8"))) == json.loads(VEEAM.read_text("utf-8"))


@pytest.mark.parametrize("case", cases(FORM))
def test_reading_does_not_change_the_tree(case: str) -> None:
    (path,) = inputs(FORM, case)
    tree = tree_from(path.read_text("utf-8"), path.name)
    before = plain(tree)
    first = summaries(cloudformation.read(tree, Reading()))
    assert summaries(cloudformation.read(tree, Reading())) == first
    assert plain(tree) == before


def test_a_mapping_is_read_like_a_text() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::Sub": "${B.Arn}/*"}}}
    template = {"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}}}
    (found,) = cloudformation.read(tree_of(template), Reading())
    assert plain(found.node) == {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "${B.Arn}/*"}}


# Values

SECTIONS = """
Parameters:
  Name: {Type: String}
  Given: {Type: String, Default: given}
  Number: {Type: Number, Default: 7}
  List: {Type: CommaDelimitedList, Default: "a, b"}
  OpenList: {Type: List<String>}
  Stored: {Type: AWS::SSM::Parameter::Value<String>, Default: /path}
  NamesABucket: {Type: String}
Mappings:
  Map:
    key: {text: mapped, list: [x, y], number: 5, function: {Ref: Given}}
Conditions:
  Yes: !Equals [a, a]
  No: !Equals [a, b]
  Open: !Equals [!Ref Name, a]
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: acme}}
  ByDefault: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${Given}-bucket"}}
  ByParameter: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref NamesABucket}}
  ByAccount: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "acme-${AWS::AccountId}"}}
  Itself: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Itself}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: backup}}
  Queue: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: s3:GetObject
          Resource: """


def value(written: str, bind: dict[str, str] | None = None, *, assume_defaults: bool = True) -> Any:
    """Return the value of ``Resource``, and the document."""
    (found,) = read(SECTIONS + written, bind, assume_defaults=assume_defaults)
    assert isinstance(found.node.value, dict)
    statement = found.node.value["Statement"].value
    assert isinstance(statement, dict)
    return plain(statement["Resource"]) if "Resource" in statement else "nothing"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("!Ref Name", "${Name}"),
        ("!Ref Given", "given"),
        ("!Ref Number", "7"),
        ("!Ref List", ["a", "b"]),
        ("!Ref OpenList", "${OpenList}"),
        ("!Ref Stored", "${Stored}"),
        ("!Ref Nowhere", "${Nowhere}"),
        ("!Ref AWS::Partition", "${AWS::Partition}"),
        ("!Ref AWS::NoValue", "nothing"),
        ("!Ref Bucket", "${Bucket}"),
        ("!Ref Named", "acme"),
        ("!Ref ByDefault", "given-bucket"),
        ("!Ref ByAccount", "${ByAccount}"),
        ("!Ref Itself", "${Itself}"),
        ("!Ref Role", "backup"),
        ("!Ref Queue", "${Queue}"),
        ("!GetAtt Bucket.Arn", "${Bucket.Arn}"),
        ("!GetAtt Bucket.DomainName", "${Bucket.DomainName}"),
        ("!GetAtt Named.Arn", "arn:aws:s3:::acme"),
        ("!GetAtt ByDefault.Arn", "arn:aws:s3:::given-bucket"),
        ("!GetAtt Role.Arn", "${Role.Arn}"),
        ("!GetAtt [Named, Arn]", "arn:aws:s3:::acme"),
        ('{"Fn::GetAtt": "Named.Arn"}', "arn:aws:s3:::acme"),
        ("!GetAtt Stack.Outputs.Arn", "${Stack.Outputs.Arn}"),
        ("!Sub text", "text"),
        ("!Sub ''", ""),
        ("!Sub ${Given}/${Name}/${Number}", "given/${Name}/7"),
        ("!Sub '${ Given }'", "given"),
        ("!Sub ${!Given}${!aws:username}", "${Given}${aws:username}"),
        ("!Sub ${Named.Arn}/*", "arn:aws:s3:::acme/*"),
        ("!Sub ${AWS::Region}", "${AWS::Region}"),
        ("!Sub ${List}", "${List}"),
        ("!Sub ['${a}-${a}-${Given}', {a: !Ref Given}]", "given-given-given"),
        ("!Sub ['${Given}', {Given: own}]", "own"),
        ("!Sub ['${a}', {a: 3, b: 4}]", "3"),
        ("!Sub ['${a}', {a: true}]", "true"),
        ("!Sub ['${a}', {a: [1]}]", "${a list}"),
        ("!Sub '$${Given}{}${Given'", "$given{}${Given"),
        ("!Join ['', []]", ""),
        ("!Join ['-', [a, !Ref Given, 3, !Ref Name]]", "a-given-3-${Name}"),
        ("!Join ['-', !Ref List]", "a-b"),
        ("!Join ['-', !Ref OpenList]", "${Fn::Join(-, OpenList)}"),
        ("!Join ['-', !If [Yes, [a, b], [c]]]", "a-b"),
        ("!Join ['-', !If [Open, [a, b], [c]]]", "${Fn::Join(-, Fn::If(Open, a list, a list))}"),
        ("!Join ['-', [a, !If [Open, b, !Ref AWS::NoValue]]]", "${Fn::Join(-, a list)}"),
        ("!Join ['', [a, !If [Open, b, !Ref AWS::NoValue]]]", "a${b}"),
        ("!Join ['-', [a, !Ref AWS::NoValue]]", "a"),
        ("!Join ['-', !Ref AWS::NoValue]", ""),
        ("!Join ['-', [!Split ['/', a/b]]]", "${Fn::Split(/, a/b)}"),
        ("!Base64 {Ref: [a]}", "${Fn::Base64(a list)}"),
        ("{Fn::Base64: " * 8 + "a" + "}" * 8, f"${{{'Fn::Base64(' * 6}...{')' * 6}}}"),
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', !Ref List]", "b"),
        ("!Select [0, !Ref OpenList]", "${Fn::Select(0, OpenList)}"),
        ("!Select [!Ref Name, [a]]", "${Fn::Select(Name, a list)}"),
        ("!Select [1, !Split ['/', a/b]]", "b"),
        ("!Split ['/', a/b]", ["a", "b"]),
        ("!Split ['/', !Ref Name]", "${Fn::Split(/, Name)}"),
        ("!Select [5, !Split [':', !GetAtt Named.Arn]]", "acme"),
        ("!Select [5, !Split [':', !GetAtt Bucket.Arn]]", "${Bucket}"),
        ("!Select [1, !Split [':', !GetAtt Bucket.Arn]]", "${AWS::Partition}"),
        ("!FindInMap [Map, key, text]", "mapped"),
        ("!FindInMap [Map, key, list]", ["x", "y"]),
        ("!FindInMap [Map, key, number]", "5"),
        ("!FindInMap [Map, key, function]", "${Fn::FindInMap(Map, key, function)}"),
        ("!FindInMap [Map, !Ref AWS::Region, text]", "${Fn::FindInMap(Map, AWS::Region, text)}"),
        ("!FindInMap [Map, other, text]", "${Fn::FindInMap(Map, other, text)}"),
        ("!FindInMap [Map, other, text, {DefaultValue: !Ref Given}]", "given"),
        ("!Select [1, !FindInMap [Map, key, list]]", "y"),
        ("!Sub ['${a}', {a: !FindInMap [Map, key, text]}]", "mapped"),
        ("!ImportValue a", "${Fn::ImportValue:a}"),
        ("!ImportValue {'Fn::Sub': '${Given}-a'}", "${Fn::ImportValue:given-a}"),
        ("!Base64 a", "${Fn::Base64(a)}"),
        ("!GetAZs ''", "${Fn::GetAZs()}"),
        ("!Cidr [a, 1]", "${Fn::Cidr(a, 1)}"),
        ("!Transform {Name: AWS::Include}", "${Fn::Transform}"),
        ("{'Fn::ForEach::Loop': [a, [b], {}]}", "${Fn::ForEach::Loop}"),
        ("{'Fn::Whatever': a}", "${Fn::Whatever(a)}"),
        ("!ToJsonString [a, !Ref Given]", ["a", "given"]),
        ("'{{resolve:ssm:/a:1}}'", "${resolve:ssm:/a:1}"),
        ("'a{{resolve:ssm:/a:1}}b{{resolve:secretsmanager:c}}'", "a${resolve:ssm:/a:1}b${resolve:secretsmanager:c}"),
        ("!Sub '{{resolve:ssm:/${Given}/${Name}}}/*'", "${resolve:ssm:/given/${Name}}/*"),
        ("!Join ['{{resolve:ssm:a}}', [b, c]]", "b${resolve:ssm:a}c"),
        ("!Sub '{{resolve:ssm:${Given}}}{{'", "${resolve:ssm:given}{{"),
        ("'{{resolve:ssm:/a'", "{{resolve:ssm:/a"),
        ("'{{a}}'", "{{a}}"),
        ("arn:aws:s3:::${Given}", "arn:aws:s3:::${Given}"),
        ("[a, [b, !Ref Given]]", ["a", ["b", "given"]]),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, !If [Yes, b, c]]", "b"),
        ("!If [No, a, !Ref AWS::NoValue]", "nothing"),
        ("!If [Open, a, b]", [{"if": "Name", "then": "a"}, {"if": "Name", "then": "b"}]),
        ("!If [Open, [a, b], c]", [{"if": "Name", "then": each} for each in "abc"]),
        ("!If [Open, [a], !Ref AWS::NoValue]", [{"if": "Name", "then": "a"}]),
        ("!If [Open, a, !Ref AWS::NoValue]", {"if": "Name", "then": "a"}),
        ("[a, !If [Open, b, !Ref AWS::NoValue]]", ["a", {"if": "Name", "then": "b"}]),
        ("[a, !If [No, b, !Ref AWS::NoValue]]", ["a"]),
        ("!Sub ['${a}', {a: !If [Open, b, b]}]", "b"),
        ("!Sub ['${a}', {a: !If [Open, b, c]}]", "${Fn::If(Open, b, c)}"),
        ("!If [Open, {a: b}, {c: d}]", {"if": "Name", "then": "${Fn::If(Open, an object, an object)}"}),
        ("!If [Nowhere, a, b]", [{"if": "Nowhere", "then": "a"}, {"if": "Nowhere", "then": "b"}]),
    ],
)
def test_a_value_is_what_it_is_known_to_be(written: str, meant: Any) -> None:
    assert value(written) == meant


@pytest.mark.parametrize(
    ("written", "bind", "meant"),
    [
        ("!Ref Name", {"Name": "mine"}, "mine"),
        ("!Ref Given", {"Given": "mine"}, "mine"),
        ("!Ref Stored", {"Stored": "mine"}, "mine"),
        ("!Ref OpenList", {"OpenList": "x,y"}, ["x", "y"]),
        ("!Sub arn:${AWS::Partition}:s3:::a", {"AWS::Partition": "aws-cn"}, "arn:aws-cn:s3:::a"),
        ("!GetAtt Named.Arn", {"AWS::Partition": "aws-cn"}, "arn:aws-cn:s3:::acme"),
        ("!Ref ByAccount", {"AWS::AccountId": "123456789012"}, "acme-123456789012"),
        ("!GetAtt ByAccount.Arn", {"AWS::AccountId": "123456789012"}, "arn:aws:s3:::acme-123456789012"),
        ("!GetAtt ByParameter.Arn", {"NamesABucket": "mine"}, "arn:aws:s3:::mine"),
        ("!Sub ${Bucket} ${Bucket.Arn}", {"Bucket": "mine"}, "mine arn:aws:s3:::mine"),
        ("!GetAtt Bucket.Arn", {"Bucket.Arn": "arn:x"}, "arn:x"),
        ("!GetAtt Queue.Arn", {"Queue.Arn": "arn:x"}, "arn:x"),
        ("!ImportValue a", {"Fn::ImportValue:a": "mine"}, "mine"),
        ("!Select [0, !Ref OpenList]", {"Fn::Select(0, OpenList)": "mine"}, "mine"),
        ("!If [Open, a, b]", {"Name": "a"}, "a"),
        ("!If [Open, a, b]", {"Open": "false"}, "b"),
        ("!Sub ['${a}', {a: !If [Open, b, c]}]", {"Fn::If(Open, b, c)": "mine"}, "mine"),
    ],
)
def test_what_the_user_binds_is_known_and_used(written: str, bind: dict[str, str], meant: Any) -> None:
    bindings = Bindings(bind)
    (found,) = cloudformation.read(tree_from(SECTIONS + written), Reading(bindings))
    assert plain(found.node)["Statement"]["Resource"] == meant
    assert bindings.used == set(bind)


def test_a_default_is_named_and_can_be_switched_off() -> None:
    (found,) = read(SECTIONS + "!Sub ${Given}/${Number}/${Given}")
    assert found.assumed == ('Given is "given", its default (t.yaml:4)', 'Number is "7", its default (t.yaml:5)')
    assert value("!Sub ${Given}/${Number}", assume_defaults=False) == "${Given}/${Number}"
    (found,) = read(SECTIONS + "!Ref ByDefault")
    assert found.assumed == ('Given is "given", its default (t.yaml:4)',)
    (found,) = read(SECTIONS + "!Ref Given", {"Given": "x"})
    assert found.assumed == ()


def tokens(written: str) -> list[Token]:
    (found,) = read(SECTIONS + written)
    return [token for node in nodes(found.node) if isinstance(node.value, Template) for token in node.value.tokens]


@pytest.mark.parametrize(
    ("written", "expression", "symbol", "is_arn"),
    [
        ("!Ref Bucket", "Bucket", "cfn:Bucket", False),
        ("!GetAtt Bucket.Arn", "Bucket.Arn", "cfn:Bucket", True),
        ("!Sub x${Bucket}", "Bucket", "cfn:Bucket", False),
        ("!Sub ${Bucket.Arn}/*", "Bucket.Arn", "cfn:Bucket", True),
        ("!Select [5, !Split [':', !GetAtt Bucket.Arn]]", "Bucket", "cfn:Bucket", False),
        ("!Ref ByParameter", "ByParameter", "cfn:ByParameter", False),
        ("!Sub arn:aws:s3:::${NamesABucket}/*", "NamesABucket", "cfn:ByParameter", False),
        ("!GetAtt Bucket.DomainName", "Bucket.DomainName", "", False),
        ("!Ref Queue", "Queue", "", False),
        ("!Ref Name", "Name", "", False),
    ],
)
def test_a_bucket_whose_name_is_unknown_is_a_symbol(written: str, expression: str, symbol: str, is_arn: bool) -> None:
    (token,) = tokens(written)
    assert (token.expression, token.symbol, token.is_arn) == (expression, symbol, is_arn)


def test_the_buckets_of_the_template_are_named() -> None:
    (found,) = read(SECTIONS + "a", {"Bucket": "bound"})
    assert dict(found.buckets) == {
        "cfn:Bucket": "bound", "cfn:Named": "acme", "cfn:ByDefault": "given-bucket", "cfn:ByParameter": None,
        "cfn:ByAccount": None, "cfn:Itself": None,
    }  # fmt: skip


def test_an_unknown_value_stands_where_it_is_used() -> None:
    line = SECTIONS.count("\n") + 1
    assert [str(token.location) for token in tokens("!Ref Name")] == [f"t.yaml:{line}:21"]
    assert [str(token.location) for token in tokens("!Sub a${Name}b${Bucket.Arn}")] == [
        f"t.yaml:{line}:27", f"t.yaml:{line}:35",
    ]  # fmt: skip
    dynamic = tokens("|-\n            {{resolve:ssm:a}}\n            {{resolve:ssm:b}}")
    assert [str(token.location) for token in dynamic] == [f"t.yaml:{line + 1}:13", f"t.yaml:{line + 2}:13"]


# Conditions

DOCUMENT = "PolicyDocument: {Statement: {Effect: Allow, Action: a, Resource: b}}"
S = "{Statement: {Effect: Allow, Action: a, Resource: b}}"
OPEN = "Conditions: {Open: !Equals [!Ref AWS::Region, a], Yes: !Equals [a, a]}\n"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("!Equals [a, a]", True),
        ("!Equals [a, b]", False),
        ("!Equals [true, 'true']", True),
        ("!Equals [1, '1']", True),
        ("!Equals [!Ref Given, given]", True),
        ("!Equals ['', !Ref Given]", False),
        ("!Equals [!Ref Open, !Ref Open]", True),
        ("!Equals [!Ref Open, a]", "Open"),
        ("!Equals [a, !Sub '${Given}${Open}']", "Open"),
        ("!Not [!Equals [a, a]]", False),
        ("!Not [!Equals [!Ref Open, a]]", "Open"),
        ("!And [!Equals [a, a], !Equals [b, b]]", True),
        ("!And [!Equals [a, a], !Equals [!Ref Open, b]]", "Open"),
        ("!And [!Equals [!Ref Open, b], !Equals [a, b]]", False),
        ("!Or [!Equals [a, b], !Equals [b, c]]", False),
        ("!Or [!Equals [!Ref Open, b], !Equals [a, a]]", True),
        ("!Or [!Equals [!Ref Open, b], !Equals [a, b]]", "Open"),
        ("!Condition Other", True),
        ("{Condition: Missing}", "Missing"),
        ("!Contains [[a], a]", "Fn::Contains(a list, a)"),
    ],
)
def test_a_condition_holds_or_not_or_hangs_on_a_value(condition: str, holds: bool | str) -> None:
    found = read(f"""
Parameters: {{Open: {{Type: String}}, Given: {{Type: String, Default: given}}}}
Conditions: {{Asked: {condition}, Other: !Equals [a, a]}}
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Condition: Asked
    Properties: {{Roles: [r], {DOCUMENT}}}
""")
    if holds is False:
        assert found == []
    else:
        doubt = found[0].node.doubt
        assert (doubt.expression if doubt else True) == holds


# Where documents stand


def attachments(text: str, bind: dict[str, str] | None = None) -> list[tuple[str | None, tuple[str, ...], str]]:
    return [(each.entity, each.attachment.principals, plain(each.node.doubt.expression) if each.node.doubt else "")
            for each in read(text, bind)]  # fmt: skip


@pytest.mark.parametrize(
    ("resources", "doubt"),
    [
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Condition: Open, Properties: {{{DOCUMENT}}}}}", False),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Condition: Open, Properties: {{Roles: [r], {DOCUMENT}}}}}", True),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Condition: Open, Properties: {{Roles: [!Ref R], {DOCUMENT}}}}}\n"
         "  R: {Type: AWS::IAM::Role}", True),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Condition: Open, Properties: {{Roles: [!Ref R], {DOCUMENT}}}}}\n"
         "  R: {Type: AWS::IAM::Role, Condition: Open}", False),
        (f"  R: {{Type: AWS::IAM::Role, Condition: Open, Properties: {{Policies: [{{{DOCUMENT}}}]}}}}", False),
        ("  F: {Type: AWS::Serverless::Function, Condition: Open, Properties: {Policies: [{Statement: []}]}}", False),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Condition: Open, Properties: {{{DOCUMENT}}}}}\n"
         "  R: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: !Ref P}}", True),
        (f"  G: {{Type: AWS::IAM::Group, Condition: Open, Properties: {{Policies: [{{{DOCUMENT}}}]}}}}\n"
         "  U: {Type: AWS::IAM::User, Properties: {Groups: [!Ref G]}}", True),
    ],
)  # fmt: skip
def test_a_policy_is_in_doubt_if_somebody_may_be_there_without_it(resources: str, doubt: bool) -> None:
    (found,) = read(f"{OPEN}Resources:\n{resources}")
    assert bool(found.node.doubt) is doubt
    (name,) = [each for each in ("P", "R", "F", "G") if found.entity == each]
    assert found.assumed == (() if doubt else (f"{name} is created, which hangs on AWS::Region",))


@pytest.mark.parametrize(
    ("resources", "attached"),
    [
        (f"  P: {{Type: AWS::IAM::Policy, Properties: {{Roles: [!If [Open, a, b], c], {DOCUMENT}}}}}",
         [("P", ("c",), ""), ("P", ("a", "b"), "AWS::Region")]),
        (f"  P: {{Type: AWS::IAM::Policy, Properties: {{Roles: !If [Yes, [a], [b]], {DOCUMENT}}}}}",
         [("P", ("a",), "")]),
        (f"  P: {{Type: AWS::IAM::Policy, Properties: {{Roles: !Ref AWS::NoValue, Users: [u], {DOCUMENT}}}}}",
         [("P", ("u",), "")]),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{DOCUMENT}}}}}\n"
         "  R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: !If [Open, [!Ref P], !Ref AWS::NoValue]}}",
         [("P", ("R",), "AWS::Region")]),
        (f"  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{DOCUMENT}}}}}\n"
         "  R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: [!GetAtt P.PolicyArn, !Sub '${P}']}}",
         [("P", ("R",), "")]),
        ("  R: {Type: AWS::IAM::Role, Properties: {Policies: !If [Open, [{"
         f"{DOCUMENT}}}], [{{{DOCUMENT}}}]]}}}}", [("R", ("R",), "AWS::Region")] * 2),
        (f"  R: {{Type: AWS::IAM::Role, Properties: {{Policies: !If [Yes, [{{{DOCUMENT}}}], !Ref AWS::NoValue]}}}}",
         [("R", ("R",), "")]),
        (f"  P: {{Type: AWS::IAM::RolePolicy, Properties: {{RoleName: !Sub '${{AWS::StackName}}-r', {DOCUMENT}}}}}",
         [("P", ("${AWS::StackName}-r",), "")]),
        ("  P: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: r}}", []),
        ("  R: {Type: AWS::IAM::Role}\n  B: {Type: AWS::S3::BucketPolicy, Properties: {"
         f"{DOCUMENT}}}}}\n  X: text\n  Y: {{Type: [a]}}", []),
        ("  F: {Type: AWS::Serverless::Function, Properties: {"
         f"Role: !If [Open, r, !Ref AWS::NoValue], Policies: {S}}}}}",
         [("F", ("FRole",), "AWS::Region")]),
        (f"  F: {{Type: AWS::Serverless::Function, Properties: {{Role: !Ref AWS::NoValue, Policies: [{S}]}}}}",
         [("F", ("FRole",), "")]),
        (f"  P: {{Type: AWS::IAM::GroupPolicy, Properties: {{GroupName: g, {DOCUMENT}}}}}\n"
         "  U: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: g, Users: [u, !Ref V]}}\n"
         "  V: {Type: AWS::IAM::User}", [("P", ("g", "u", "V"), ""), ("g", ("u",), ""), ("g", ("V",), "")]),
    ],
)  # fmt: skip
def test_a_policy_is_attached_to_those_that_the_template_names(resources: str, attached: list[Any]) -> None:
    assert attachments(f"{OPEN}Resources:\n{resources}") == attached


INCLUDE = '"Fn::Transform": {Name: AWS::Include, Parameters: {Location: x}}'
DENYING = DOCUMENT.replace("Allow", "Deny")


@pytest.mark.parametrize(
    ("policy", "others"),
    [
        (f"Type: AWS::IAM::Policy, Properties: {{Users: [!Ref X], {DENYING}}}", ("U", "V")),
        (f"Type: AWS::IAM::Policy, Properties: {{Users: !Ref X, {DENYING}}}", ("U", "V")),
        (f"Type: AWS::IAM::Policy, Properties: {{Users: [!Ref X, !Ref V], {DENYING}}}", ("U",)),
        (f"Type: AWS::IAM::Policy, Properties: {{Users: [!Ref X], Roles: [!Ref X], {DENYING}}}", ("U", "V", "FRole")),
        (f"Type: AWS::IAM::ManagedPolicy, Properties: {{Groups: [!Sub '${{X}}-g'], {DENYING}}}", ("G", "V")),
        (f"Type: AWS::IAM::RolePolicy, Properties: {{RoleName: !ImportValue x, {DENYING}}}", ("FRole",)),
        ("Type: AWS::IAM::UserPolicy, Properties: {UserName: !Ref X, PolicyDocument: {Statement: !Ref X}}", ("U", "V")),
        (f"Type: AWS::IAM::Policy, Properties: {{Users: [!Ref X], {DOCUMENT}}}", None),
        (f"Type: AWS::IAM::Policy, Properties: {{Users: [x], {DENYING}}}", None),
    ],
)
def test_a_policy_of_somebody_unknown_may_be_of_everybody(policy: str, others: tuple[str, ...] | None) -> None:
    own, *again = read(f"""Parameters: {{X: {{Type: String}}}}
Resources:
  P: {{{policy}}}
  G: {{Type: AWS::IAM::Group}}
  U: {{Type: AWS::IAM::User}}
  V: {{Type: AWS::IAM::User, Properties: {{Groups: [!Ref G]}}}}
  F: {{Type: AWS::Serverless::Function}}
""")
    assert not own.node.doubt
    assert [each.attachment.principals for each in again] == ([] if others is None else [others])
    assert all(each.node.doubt and each.node.value == own.node.value for each in again)


@pytest.mark.parametrize(
    ("named", "policy", "are_met"),
    [
        ("Policy: Users: [veeam]", f"Policy: Users: [!Ref X], {DENYING}", True),
        ("Policy: Users: [veeam]", f"ManagedPolicy: Users: !Ref X, {DENYING}", True),
        ("UserPolicy: UserName: veeam", f"UserPolicy: UserName: !Ref X, {DENYING}", True),
        ("Policy: Users: [veeam]", f"Policy: {INCLUDE}, {DENYING}", True),
        ("Policy: Users: [veeam]", f"Policy: Roles: [!Ref X], {DENYING}", False),
        ("Policy: Users: [veeam]", f"Policy: Users: [!Ref X], {DOCUMENT}", False),
        ("Policy: Groups: [!Ref G]", f"Policy: Users: [!Ref X], {DENYING}", True),
        ("Policy: Groups: [!Ref G]", f"Policy: Groups: [!Ref X], {DENYING}", True),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_a_policy_of_somebody_unknown_may_be_of_one_who_is_only_named(
    named: str, policy: str, are_met: bool, first: int
) -> None:
    texts = {"N": f"{named}, {DOCUMENT}", "P": policy}
    parts = ((name, *text.split(": ", 1)) for name, text in texts.items())
    policies = [f"  {name}: {{Type: AWS::IAM::{kind}, Properties: {{{rest}}}}}\n" for name, kind, rest in parts]
    found = read(f"""Parameters: {{X: {{Type: String}}}}
Resources:
  G: {{Type: AWS::IAM::Group}}
  A: {{Type: AWS::IAM::UserToGroupAddition, Properties: {{GroupName: !Ref G, Users: [veeam]}}}}
{policies[first]}{policies[1 - first]}
""")
    of_veeam = {each.entity: each.node.doubt is not None for each in found if "veeam" in each.attachment.principals}
    assert of_veeam == ({"N": False, "P": True} if are_met else {"N": False})


@pytest.mark.parametrize(
    ("user", "addition", "doubt"),
    [
        ("Type: AWS::IAM::User", "Condition: Open, ", "AWS::Region"),
        ("Type: AWS::IAM::User, Condition: Open", "Condition: Open, ", ""),
        ("Type: AWS::IAM::User, Condition: Yes", "Condition: Open, ", "AWS::Region"),
        ("Type: AWS::IAM::User", "Condition: Yes, ", ""),
        ("Type: AWS::IAM::User", "Condition: No, ", None),
        ("Type: AWS::IAM::User", "", ""),
    ],
)
def test_a_membership_that_may_not_be_there_puts_what_it_brings_in_doubt(
    user: str, addition: str, doubt: str | None
) -> None:
    found = read(f"""{OPEN.replace("Yes:", "No: !Equals [a, b], Yes:")}Resources:
  G: {{Type: AWS::IAM::Group, Properties: {{Policies: [{{{DOCUMENT}}}]}}}}
  A: {{Type: AWS::IAM::UserToGroupAddition, {addition}Properties: {{GroupName: !Ref G, Users: [!Ref V]}}}}
  V: {{{user}}}
""")
    doubts = {name: each.node.doubt for each in found for name in each.attachment.principals}
    assert {name: why.expression if why else "" for name, why in doubts.items()} == (
        {"G": ""} if doubt is None else {"G": "", "V": doubt}
    )


@pytest.mark.parametrize(
    "addition",
    [
        "  A: {Type: AWS::IAM::UserToGroupAddition, Properties: {_}}\n",
        "  A: {Type: AWS::IAM::UserToGroupAddition, _, Properties: {GroupName: G}}\n",
    ],
)
def test_whoever_a_function_may_add_to_a_group_has_what_nobody_knows(addition: str) -> None:
    found = read(f"""Resources:
{addition.replace("_", INCLUDE)}  V: {{Type: AWS::IAM::User}}
  P: {{Type: AWS::IAM::Policy, Properties: {{Users: [veeam, !Ref V], Roles: [r], {DOCUMENT}}}}}
""")
    unknown = [each.attachment.principals for each in found if isinstance(each.node.value, Template)]
    assert unknown == [("V",), ("veeam",)]


@pytest.mark.parametrize(
    "properties", [INCLUDE, "ManagedPolicyArns: [!ImportValue p]", "ManagedPolicyArns: [arn:aws:iam::1:policy/deny]"]
)
def test_what_a_group_has_from_elsewhere_its_members_have(properties: str) -> None:
    found = read(f"""Resources:
  V: {{Type: AWS::IAM::User, Properties: {{Groups: [!Ref G], Policies: [{{{DOCUMENT}}}]}}}}
  G: {{Type: AWS::IAM::Group, Properties: {{{properties}}}}}
""")
    unknown = [each.attachment.principals for each in found if isinstance(each.node.value, Template)]
    assert unknown == [("G",), ("V",)]


def test_a_boundary_that_may_not_be_one_is_in_doubt() -> None:
    (found,) = read(f"""{OPEN}Resources:
  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{DOCUMENT}}}}}
  R: {{Type: AWS::IAM::Role, Properties: {{PermissionsBoundary: !If [Open, !Ref P, !Ref AWS::NoValue]}}}}
""")
    assert found.attachment.boundary_of == ("R",)
    assert found.node.doubt
    assert found.node.doubt.expression == "AWS::Region"


def test_a_boundary_of_another_stack_is_there_and_unknown() -> None:
    found, boundary = read(f"""Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{PermissionsBoundary: !ImportValue b, Policies: [{{{DOCUMENT}}}]}}}}
""")
    assert found.attachment.principals == boundary.attachment.boundary_of == ("R",)
    assert (boundary.entity, plain(boundary.node)) == ("Fn::ImportValue:b", "${Fn::ImportValue:b}")


def test_a_policy_of_another_stack_is_there_and_unknown_but_one_of_aws_only_allows() -> None:
    arns = "[!ImportValue p, arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::aws:policy/AWSDenyAll]"
    *unknown, own = sorted(
        read(f"""Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: {arns}, Policies: [{{{DOCUMENT}}}]}}}}
"""),
        key=lambda found: found.entity == "R",
    )
    assert [str(plain(found.node)) for found in unknown] == [
        "${Fn::ImportValue:p}",
        "${arn:aws:iam::aws:policy/AWSDenyAll}",
    ]
    assert own.assumed == ("what arn:aws:iam::aws:policy/ReadOnlyAccess allows R is not counted (t.yaml:2)",)


@pytest.mark.parametrize(
    ("resource", "group"),
    [
        ("  V: {Type: AWS::IAM::User, Properties: {Groups: [denied]}}", "denied"),
        ("  V: {Type: AWS::IAM::User, Properties: {Groups: [!Ref X]}}", "X"),
        ("  V: {Type: AWS::IAM::User, Properties: {Groups: !Ref X}}", "X"),
        ("  A: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: denied, Users: [!Ref V, other]}}\n"
         "  V: {Type: AWS::IAM::User}", "denied"),
        ("  A: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: denied, Users: [!Ref X]}}\n"
         "  V: {Type: AWS::IAM::User}", "denied"),
    ],
)  # fmt: skip
def test_what_a_group_of_another_stack_has_is_unknown(resource: str, group: str) -> None:
    (unknown,) = read(f"Parameters: {{X: {{Type: String}}}}\nResources:\n{resource}\n")
    assert (unknown.entity, str(unknown.node.value)) == (group, f"${{{group}}}")
    assert unknown.attachment.principals == ("V",)


def test_the_other_documents_of_a_template_are_read_if_one_is_broken() -> None:
    good, broken, other = read(f"""Resources:
  A: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{DOCUMENT}}}}}
  B: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: "{{"}}}}
  C: {{Type: AWS::IAM::ManagedPolicy, Properties: {{}}}}
""")
    assert plain(good.node)
    with pytest.raises(PolicyLoadError, match=r"^t.yaml:3:69: the text ends"):
        broken.read()
    with pytest.raises(PolicyLoadError, match=r"^t.yaml:4:50: this policy has no PolicyDocument; add PolicyDocument"):
        other.read()
    assert [each.entity for each in (good, broken, other)] == ["A", "B", "C"]


def test_a_policy_that_a_function_brings_in_is_unknown() -> None:
    (found,) = read("""Resources:
  R: {Type: AWS::IAM::Role, Properties: {Policies: [{"Fn::Transform": {Name: AWS::Include}}]}}
""")
    assert plain(found.node) == "${Fn::Transform}"


def test_a_list_of_policies_that_a_function_brings_in_is_looked_for_and_unknown() -> None:
    text = """Resources:
  R: {Type: AWS::IAM::Role, Properties: {Policies: {"Fn::Transform": {Name: AWS::Include}}}}
"""
    (found,) = read(text)
    assert (found.attachment.principals, plain(found.node)) == (("R",), "${Fn::Transform}")
    assert may_hold_policy("custom.template", text)


PRINCIPAL = "  R: {Type: AWS::IAM::Role, Properties: {Policies: [{_}]}}\n".replace("_", DOCUMENT)
LONE = "  P: {Type: AWS::IAM::ManagedPolicy, Properties: {_}}\n".replace("_", DOCUMENT)


def doubts_of(found: list[Found]) -> dict[str | None, str]:
    """The doubt of each document; a star for one of which nothing is known."""
    return {
        each.entity: "*"
        if isinstance(each.node.value, Template)
        else each.node.doubt.expression
        if each.node.doubt
        else ""
        for each in found
    }


@pytest.mark.parametrize(
    "where",
    [
        "Transform: M\nResources:",
        "Transform: [AWS::Serverless-2016-10-31, M]\nResources:",
        "Transform: AWS::ServerlessOfOurs\nResources:",
        "Fn::Transform: {Name: M}\nResources:",
        "Conditions: {'Fn::Transform': {Name: M}}\nResources:",
        "Transform: !Ref X\nResources:",
        "Resources:\n  Fn::Transform: {Name: M}",
        "Resources:\n  Fn::Transform: [{Name: M}, {Name: M}]",
    ],
)
def test_a_macro_that_may_change_every_resource_puts_all_in_doubt(where: str) -> None:
    doubts = doubts_of(read(f"{where}\n{PRINCIPAL}{LONE}"))
    (name,) = {name for name in doubts if name not in ("R", "P")}
    assert doubts == {"R": name, "P": name, name: "*"}
    assert name in ("macro M", "macro AWS::ServerlessOfOurs", "macro X")


@pytest.mark.parametrize(
    "where",
    [
        "Transform: AWS::Include\nResources:",
        "Transform: {Name: AWS::Include, Parameters: {Location: x}}\nResources:",
        "Fn::Transform: {Name: AWS::Include}\nResources:",
        "Globals: {'Fn::Transform': {Name: AWS::Include}}\nResources:",
        "Resources:\n  Fn::Transform: {Name: AWS::Include}",
        "Resources:\n  Q: {'Fn::Transform': {Name: AWS::Include}}",
        "Resources:\n  Q: {'Fn::Transform': {Name: M}}",
    ],
)
def test_what_a_macro_adds_may_deny_anything_to_everybody(where: str) -> None:
    found = read(f"{where}\n{PRINCIPAL}{LONE}")
    name = "macro M" if "Name: M" in where else "macro AWS::Include"
    assert doubts_of(found) == {"R": "", "P": "", name: "*"}
    assert [each.attachment.principals for each in found] == [("R",), (), ("R",)]
    assert found[1].assumed == (f"what the {name} adds to the template does not change it",)


@pytest.mark.parametrize(
    "where",
    [
        "Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions, AWS::CodeDeployBlueGreen]\nResources:",
        "Transform: AWS::SecretsManager-2024-09-16\nResources:",
        "Mappings: {'Fn::Transform': {Name: AWS::Include}}\nResources:",
        "Resources:\n  Q: {Type: AWS::S3::Bucket, Properties: {'Fn::Transform': {Name: M}}}",
    ],
)
def test_a_macro_that_has_no_say_in_policies_changes_nothing(where: str) -> None:
    found = read(f"{where}\n{PRINCIPAL}{LONE}")
    assert (doubts_of(found), [each.assumed for each in found]) == ({"R": "", "P": ""}, [(), ()])


@pytest.mark.parametrize(
    ("resource", "principals"),
    [
        (f"Type: AWS::IAM::Role, Properties: {{{INCLUDE}, Policies: [{{{DOCUMENT}}}]}}", ("R",)),
        (f"Type: AWS::IAM::User, {INCLUDE}, Properties: {{Policies: [{{{DOCUMENT}}}]}}", ("R",)),
        (f"Type: AWS::Serverless::Function, Properties: {{{INCLUDE}, Policies: [{S}]}}", ("RRole",)),
        ("Type: AWS::IAM::Group, Properties: !If [!Ref a, {}, {}]", ("R",)),
    ],
)
def test_what_a_function_gives_a_principal_besides_is_unknown(resource: str, principals: tuple[str, ...]) -> None:
    *_, unknown = read(f"Resources:\n  R: {{{resource}}}\n")
    assert plain(unknown.node) in ("${Fn::Transform}", "${Fn::If}")
    assert unknown.attachment.principals == principals


def test_a_policy_into_which_a_function_brings_properties_is_unknown_and_may_be_of_everybody() -> None:
    own, again = read(f"""Resources:
  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{INCLUDE}, {DOCUMENT}}}}}
  R: {{Type: AWS::IAM::Role}}
""")
    assert own.attachment.principals == ()
    assert again.attachment.principals == ("R",)
    assert again.node.doubt
    assert plain(own.node) == str(again.node.value) == "${Fn::Transform}"


def test_numbers_of_a_json_template_are_texts_where_texts_are_meant() -> None:
    text = json.dumps({
        "Parameters": {"N": {"Type": "Number", "Default": 7}},
        "Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": {
            "Effect": "Allow", "Action": "a", "Resource": {"Fn::Sub": ["${N}${M}${T}", {"M": 1e3, "T": True}]}}}}}},
    })  # fmt: skip
    (found,) = cloudformation.read(tree_from(text, "t.json"), Reading())
    assert plain(found.node)["Statement"]["Resource"] == "71000.0true"


def test_what_is_assumed_of_a_role_is_named_by_its_documents_alone() -> None:
    of_role, other = (
        read(f"""Parameters: {{Arns: {{Type: CommaDelimitedList, Default: ":iam::aws:policy/a,:iam::aws:policy/b"}}}}
Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: !Ref Arns, Policies: [{{{DOCUMENT}}}]}}}}
  S: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{{DOCUMENT}}}]}}}}
""")
    )
    assert other.assumed == ()
    assert of_role.assumed == (
        "what :iam::aws:policy/a allows R is not counted (t.yaml:3)",
        "what :iam::aws:policy/b allows R is not counted (t.yaml:3)",
        'Arns is ":iam::aws:policy/a,:iam::aws:policy/b", its default (t.yaml:1)',
    )


def test_a_list_of_policies_that_is_broken_does_not_hide_the_others() -> None:
    broken, good = read(f"""Resources:
  R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: [!If [a]], Policies: [{{{DOCUMENT}}}]}}}}
  P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{{DOCUMENT}}}}}
  B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: !Sub [a]}}}}
""")
    assert plain(good.node)
    assert good.buckets == (("cfn:B", None),)
    with pytest.raises(PolicyLoadError, match=r"^t.yaml:2:66: Fn::If takes"):
        broken.read()


def test_a_repeated_key_of_a_document_is_kept_for_the_grammar_to_refuse() -> None:
    (found,) = read("""Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Effect: Deny
          Action: a
          Resource: b
""")
    assert isinstance(found.node.value, dict)
    assert [each.key for each in found.node.value["Statement"].duplicates] == ["Effect"]
    assert str(found.node.value["Statement"].key_location("Action")) == "t.yaml:9:11"


@pytest.mark.parametrize(
    ("text", "is_template"),
    [
        ("Resources: {R: {Type: AWS::IAM::Role}}", True),
        ("Resources: {R: {Type: Custom::Thing}}", True),
        ("AWSTemplateFormatVersion: 2010-09-09\nResources: {R: {}}", True),
        ("Transform: X\nResources: {'Fn::ForEach::A': []}", True),
        ("Resources: {R: {Type: Pod}}", False),
        ("Resources: {R: text}", False),
        ("Resources: {}", False),
        ("Resources: [a]", False),
        ("AWSTemplateFormatVersion: 2010-09-09", False),
        ("Statement: []", False),
        ("[Resources]", False),
        ("text", False),
    ],
)
def test_a_template_is_recognized_by_its_content(text: str, is_template: bool) -> None:
    assert cloudformation.recognizes(tree_from(text)) is is_template


# What CloudFormation refuses


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("!Sub ${aws:username}", r"26: Fn::Sub looks for .* named aws:username, .*; if .* write \$\{!aws:username\}"),
        ("!Sub [a]", "26: Fn::Sub takes a list of a text and a map of values, but here stands a list of 1"),
        ("!Sub {a: b}", "26: Fn::Sub takes a text, but here stands an object"),
        ("!Sub [[a], {}]", "27: Fn::Sub takes a text, but here stands a list of 1"),
        ("!Join [a]", "27: Fn::Join takes a list of a delimiter and a list, but here stands a list of 1"),
        ("!Join a", "27: Fn::Join takes a list of a delimiter and a list, but here stands a string"),
        ("!Join [[a], [b]]", "28: Fn::Join takes a text as delimiter, but here stands a list"),
        ("!Select [2, [a, b]]", "21: Fn::Select takes item 2 of a list of 2; the first item is 0"),
        ("!Split ['', a]", "29: Fn::Split takes a text as delimiter"),
        ("!FindInMap [a, b]", "32: Fn::FindInMap takes the name of a map and two keys"),
        ("!If [Yes, a]", "25: Fn::If takes a list of a condition and two values, but here stands a list of 2"),
        ("!If [[a], b, c]", "26: Condition takes the name of a condition, but here stands a list of 1"),
        ("{Ref: [a]}", "27: Ref takes a name, but here stands a list"),
        ("!GetAtt {a: b}", "29: Fn::GetAtt takes a name, but here stands an object"),
    ],
)
def test_a_function_that_cloudformation_refuses_is_an_error_at_its_place(written: str, message: str) -> None:
    line = SECTIONS.count("\n") + 1
    (found,) = read(SECTIONS + written)
    with pytest.raises(PolicyLoadError, match=f"^t.yaml:{line}:{message}") as caught:
        found.read()
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("{A: !Not [!Condition A]}", "2:17: the condition A depends on itself; name other conditions in it"),
        ("{A: !Condition B, B: !Condition A}", "2:17: the condition A depends on itself"),
        ("{A: text}", "2:17: a condition is one function, such as Fn::Equals, but here stands a string"),
        ("{A: !Equals [a]}", "2:25: Fn::Equals takes a list of two values"),
        ("{A: !Not [!Equals [a, a], !Equals [a, a]]}", "2:22: Fn::Not takes a list of one condition"),
        ("{A: !And [a]}", "2:23: a condition is one function"),
    ],
)
def test_a_condition_that_cloudformation_refuses_is_an_error_at_its_place(conditions: str, message: str) -> None:
    found = read(f"""
Conditions: {conditions}
Resources:
  P: {{Type: AWS::IAM::ManagedPolicy, Condition: A, Properties: {{{DOCUMENT}}}}}
  Q: {{Type: AWS::IAM::ManagedPolicy, Condition: A, Properties: {{{DOCUMENT}}}}}
""")
    for each in found:
        with pytest.raises(PolicyLoadError, match=f"^t.yaml:{message}") as caught:
            each.read()
        assert caught.value.remedy
    assert len(found) == 2


# Parameter files


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ('[{"ParameterKey": "a", "ParameterValue": "b"}, {"ParameterKey": "c", "UsePreviousValue": true}]', {"a": "b"}),
        ('{"Parameters": {"a": "b", "n": 1, "t": true, "l": ["x", "y"]}, "Tags": {}}',
         {"a": "b", "n": "1", "t": "true", "l": "x,y"}),
        ('["a=b", "c=d=e", "f="]', {"a": "b", "c": "d=e", "f": ""}),
        ('{"Parameters": [{"ParameterKey": "a", "ParameterValue": "b"}]}', {"a": "b"}),
        ('{"Parameters": {}}', {}),
        ("[]", {}),
    ],
)  # fmt: skip
def test_a_parameter_file_gives_values(text: str, parameters: dict[str, str]) -> None:
    assert cloudformation.parameters_of(tree_from(text, "p.json")) == parameters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": "b"}', "1:1: a file of parameters holds a list, or an object with Parameters; here stands an object"),
        ('"a"', "1:1: a file of parameters holds a list"),
        ('{"Parameters": "a"}', "1:16: a file of parameters holds a list"),
        ('[{"a": "b"}]', "1:2: this item has no ParameterKey"),
        ('["a"]', "1:2: this item has no ParameterKey"),
        ('[{"ParameterKey": 1}]', "1:2: this item has no ParameterKey"),
        ('{"Parameters": {"a": {"b": "c"}}}', "1:22: the value of a parameter is a text, but here stands an object"),
        ('{"Parameters": {"a": null}}', "1:22: the value of a parameter is a text, but here stands the value null"),
    ],
)
def test_another_file_is_no_parameter_file(text: str, message: str) -> None:
    with pytest.raises(PolicyLoadError, match=f"^p.json:{message}.*; write "):
        cloudformation.parameters_of(tree_from(text, "p.json"))
