"""Answers, account dumps, plans and states to documents: every example, hostile files, and mutated ones."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam import check_veeam_backup_ready
from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.iam.tree import Template, TextSource
from pytest_veeam_iam.sources import account_dump, answers, json_text, large_json, selected, terraform_plan
from pytest_veeam_iam.sources.found import Bindings, Reading
from pytest_veeam_iam.sources.mapping import tree_of
from tests.unit.sources.infrastructure_examples import EXAMPLES, cases, described, expected, found_in, tree_of_case

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.iam.tree import Node
    from pytest_veeam_iam.sources.found import Found

FORMS: dict[str, Any] = {"answers": answers, "account_dump": account_dump, "terraform_plan": terraform_plan}
ALL = [pytest.param(form, case, id=f"{form}-{case.name}") for form in FORMS for case in cases(form)]
VEEAM = json.loads((EXAMPLES / "documented.json").read_text("utf-8"))


def tree(value: object) -> Node:
    return json_text.parse(TextSource("file.json", json.dumps(value, indent=1)))


def read(value: object, **bindings: str) -> list[Found]:
    node = tree(value)
    (form,) = (form for form in FORMS.values() if form.recognizes(node))
    found: list[Found] = form.read(node, Reading(Bindings(bindings)))
    return found


@pytest.mark.parametrize(("form", "case"), ALL)
def test_every_example_has_the_policies_that_are_expected(form: str, case: Path) -> None:
    assert found_in(tree_of_case(case), FORMS[form].read) == expected(case)


@pytest.mark.parametrize(("form", "case"), ALL)
def test_every_example_is_recognized_by_its_form_alone_and_mentions_it(form: str, case: Path) -> None:
    node = tree_of_case(case)
    (file,) = (path for path in case.iterdir() if path.name != "expected.json")
    assert [name for name, each in FORMS.items() if each.recognizes(node)] == [form]
    assert any(mention in file.read_text("utf-8") for mention in FORMS[form].MENTIONS)
    assert file.suffix in FORMS[form].SUFFIXES


@pytest.mark.parametrize(("form", "case"), ALL)
def test_a_large_file_has_the_same_policies_at_the_same_places(
    form: str, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_json, "LARGE", 0)
    node = tree_of_case(case)
    assert isinstance(node, large_json.LargeDocument)
    assert FORMS[form].recognizes(node)
    assert found_in(node, FORMS[form].read) == expected(case)


@pytest.mark.parametrize(("form", "case"), ALL)
def test_a_mapping_has_the_same_policies_without_lines(form: str, case: Path) -> None:
    (file,) = (path for path in case.iterdir() if path.name != "expected.json")
    found = found_in(tree_of(json.loads(file.read_text("utf-8"))), FORMS[form].read)
    assert [policy["entity"] for policy in found] == [policy["entity"] for policy in expected(case)]


@pytest.mark.parametrize("form", [*FORMS, "selected"])
def test_the_same_veeam_policy_is_in_every_form(form: str) -> None:
    (policy,) = expected(EXAMPLES / form / "veeam")
    statements = [{key: statement[key] for key in statement if key[0].isupper()} for statement in policy["statements"]]
    assert {"Version": policy["version"], "Statement": statements} == VEEAM


OTHERS: list[Any] = [
    VEEAM,
    [],
    [VEEAM],
    "",
    3,
    None,
    {},
    {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"PolicyDocument": VEEAM}}}},
    {"PolicyDocument": VEEAM, "Statement": []},
    {"Policy": {"PolicyName": "veeam", "DefaultVersionId": "v1"}},
    {"resources": [], "version": 3},
    {"values": {}, "version": 1},
]


@pytest.mark.parametrize("value", OTHERS)
def test_other_documents_are_no_concern_of_these_forms(value: object) -> None:
    assert [name for name, form in FORMS.items() if form.recognizes(tree(value))] == []


ROLE = {"RoleName": "backup", "PolicyName": "veeam"}
REFUSED: list[tuple[str, object, str]] = [
    ("a document that is a number", ROLE | {"PolicyDocument": 1}, ""),
    ("a text that is neither JSON nor encoded", ROLE | {"PolicyDocument": "Statement"}, "4:21: found Statement"),
    ("broken JSON in a text", ROLE | {"PolicyDocument": '{"Statement": [}'}, "4:38: "),
    ("broken JSON in an encoded text", ROLE | {"PolicyDocument": "%7B%22Statement%22:%5B%7D"}, "4:43: "),
    ("a list whose second item is no answer", [ROLE | {"PolicyDocument": {}}, {"x": 1}], "7:2: this is no answer"),
    (
        "a dump whose policy has no default version",
        {"RoleDetailList": [], "Policies": [{"PolicyName": "p", "PolicyVersionList": [{"Document": {}}]}]},
        "4:3: none of the versions of this policy is the default one",
    ),
    (
        "a dump whose inline policy has no document",
        {"RoleDetailList": [{"RoleName": "a", "RolePolicyList": [{"PolicyName": "b"}]}]},
        "6:5: role/a/b has no PolicyDocument",
    ),
    (
        "a dump that is cut off",
        {"UserDetailList": [], "IsTruncated": True, "Marker": "x"},
        " the answer is cut off",
    ),
    ("a dump that goes on elsewhere", {"UserDetailList": [], "NextToken": "x"}, " the answer is cut off (NextToken)"),
    (
        "a version that is not the default",
        {"PolicyVersion": {"Document": VEEAM, "IsDefaultVersion": False}},
        "1:1: this version of the policy is not in force",
    ),
    ("a plan that failed", {"planned_values": {}, "errored": True}, " the plan ended with an error"),
    (
        "a plan that leaves a policy for later",
        {
            "planned_values": {},
            "deferred_changes": [{"resource_change": {"address": "aws_iam_policy.a", "type": "aws_iam_policy"}}],
        },
        " the plan leaves aws_iam_policy.a for later",
    ),
    (
        "a plan whose sensitive policy is none",
        {
            "planned_values": {
                "root_module": {
                    "resources": [
                        {
                            "address": "aws_iam_role_policy.a",
                            "type": "aws_iam_role_policy",
                            "values": {"policy": "hunter2"},
                            "sensitive_values": {"policy": True},
                        }
                    ]
                }
            }
        },
        "9:17: aws_iam_role_policy.a.policy is marked as sensitive, and is not a policy document",
    ),
]


@pytest.mark.parametrize(("value", "message"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_a_document_that_is_none_is_refused_where_it_stands(value: object, message: str) -> None:
    def documents() -> list[Node]:
        return [found.node for found in read(value)]

    if not message:  # the grammar refuses it
        assert not isinstance(documents()[0].value, dict | Template)
        return
    with pytest.raises(PolicyLoadError) as caught:
        documents()
    assert str(caught.value).startswith(f"file.json:{message}")
    assert "hunter2" not in str(caught.value)
    assert caught.value.remedy or "found" in caught.value.why


SHAPES: list[Any] = [None, 1, True, "x", [], {}, [None], [[]], {"a": None}, [{}], [{"a": []}]]


def holes(value: object) -> list[tuple[Any, Any]]:
    """Every place in a document at which something else could stand."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        each = pending.pop()
        steps: Any = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        for step, child in list(steps):
            found.append((each, step))
            pending.append(child)
    return found


@pytest.mark.parametrize(("form", "case"), ALL)
def test_a_value_of_another_shape_is_never_a_crash(form: str, case: Path) -> None:
    (file,) = (path for path in case.iterdir() if path.name != "expected.json")
    chance = random.Random(case.name)
    value = json.loads(file.read_text("utf-8"))
    places = holes(value)
    for parent, step in chance.sample(places, min(len(places), 60)):
        before = parent[step]
        for shape in SHAPES:
            parent[step] = shape
            survives(json.dumps(value).encode(), FORMS[form])
        parent[step] = before


def survives(data: bytes, form: Any) -> None:
    """Read what may be broken; nothing but PolicyLoadError may come out."""
    try:
        node = large_json.parse(TextSource("file", data.decode("utf-8", "replace")))
        found = form.read(node, Reading()) if form.recognizes(node) else []
    except PolicyLoadError:
        return
    for each in found:
        try:
            described(each)
        except (PolicyLoadError, AssertionError, KeyError):  # the last two: the helper's own, for what is no policy
            continue


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Any, bytes]:
    param = draw(st.sampled_from(ALL))
    form, case = param.values
    assert isinstance(form, str)
    (file,) = (path for path in case.iterdir() if path.name != "expected.json")  # type: ignore[union-attr]
    data = bytearray(file.read_bytes())
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        end = min(start + draw(st.integers(1, 40)), len(data))
        match draw(st.integers(0, 3)):
            case 0:
                data[start:end] = draw(st.binary(max_size=6))
            case 1:
                del data[start:end]
            case 2:
                data[start:start] = data[start:end]
            case _:
                other = draw(st.integers(0, max(len(data) - 1, 0)))
                data[other:other] = data[start:end]
    return FORMS[form], bytes(data)


@given(mutated(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_mutated_file_is_refused_or_read(what: tuple[Any, bytes], is_large: bool) -> None:
    form, data = what
    before = large_json.LARGE
    large_json.LARGE = 0 if is_large else before
    try:
        survives(data, form)
    finally:
        large_json.LARGE = before


# What the examples do not show.


def test_a_managed_policy_that_nobody_has_stands_alone() -> None:
    version = {"Document": VEEAM, "IsDefaultVersion": True}
    (found,) = read(
        {"UserDetailList": [], "Policies": [{"PolicyName": "p", "Arn": "a", "PolicyVersionList": [version]}]}
    )
    assert (found.attachment.principals, found.attachment.boundary_of) == ((), ())


def test_names_that_no_terminal_shows_are_escaped() -> None:
    (found,) = read({"RoleName": "a\x1b[31m\n", "PolicyName": "b", "PolicyDocument": VEEAM})
    assert found.entity == "role/a\\x1b[31m\\n/b"


def plan_of(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": list(resources)}}} | more


def planned(kind: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def changed(kind: str, name: str, unknown: dict[str, Any], after: Any = None, mode: str = "managed") -> dict[str, Any]:
    address = f"{'data.' if mode == 'data' else ''}{kind}.{name}"
    change = {"actions": ["create"], "before": {"policy": "{}"}, "after": after or {}, "after_unknown": unknown}
    return {"address": address, "mode": mode, "type": kind, "name": name, "change": change}


IN_MODULE = planned("aws_iam_role_policy", "p", {"policy": "{}"}) | {"address": "module.m.aws_iam_role_policy.p"}
CHANGE_IN_MODULE = changed("aws_iam_role_policy", "p", {"role": True})
CHANGE_IN_MODULE |= {"address": IN_MODULE["address"], "module_address": "module.m"}


def test_trust_policies_bucket_policies_and_data_are_left_out() -> None:
    value = plan_of(
        planned("aws_iam_role", "a", {"name": "a", "assume_role_policy": json.dumps(VEEAM)}),
        planned("aws_s3_bucket_policy", "a", {"policy": json.dumps(VEEAM)}),
        planned("aws_iam_policy", "a", {"policy": json.dumps(VEEAM)}) | {"mode": "data"},
    )
    assert read(value) == []


def test_what_was_before_is_never_read() -> None:
    delete = {"actions": ["delete"], "before": {"role": "a", "policy": json.dumps(VEEAM)}, "after": None}
    change = changed("aws_iam_role_policy", "a", {}) | {"change": delete}
    assert read({"format_version": "1.2", "resource_changes": [change]}) == []


def test_changes_alone_are_read_where_a_plan_has_nothing_else_left() -> None:
    change = changed("aws_iam_role_policy", "a", {}, {"role": "backup", "policy": json.dumps(VEEAM)})
    (found,) = read({"format_version": "1.2", "resource_changes": [change]})
    assert (found.entity, found.attachment.principals) == ("aws_iam_role_policy.a", ("backup",))


def deferred(statement: dict[str, Any], unknown: dict[str, Any], references: list[str], **more: Any) -> dict[str, Any]:
    """A plan of a policy whose document is deferred, and of a bucket."""
    document = changed(
        "aws_iam_policy_document", "d", {"json": True, "statement": [unknown]}, {"statement": [statement]}, "data"
    )
    configuration = [
        {
            "mode": "managed",
            "type": "aws_iam_policy",
            "name": "p",
            "expressions": {
                "policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}
            },
        },
        {
            "mode": "data",
            "type": "aws_iam_policy_document",
            "name": "d",
            "expressions": {"statement": [{"resources": {"references": references}}]},
        },
    ]
    return plan_of(
        planned("aws_iam_policy", "p", {"name": "p"}),
        planned("aws_s3_bucket", "b", {"bucket": "acme-veeam"}),
        resource_changes=[changed("aws_iam_policy", "p", {"policy": True}, {"name": "p"}), document],
        configuration={"root_module": {"resources": configuration}} | more,
    )


ARN = "arn:aws:s3:::acme-veeam"
WHOLE = "${data.aws_iam_policy_document.d.statement[0].resources"
BUCKET = "aws_s3_bucket.b.arn"


def may_be(number: int) -> list[Any]:
    """What an item may be that refers to a bucket."""
    doubt = f"{WHOLE}[{number}]}}"
    return [{"doubt": doubt, "value": ARN}, f"{ARN}{doubt}"]


PLANS: list[tuple[str, Any, Any, list[str], Any]] = [
    ("one item that names a bucket", [None], [True], [BUCKET, BUCKET[:-4]], may_be(0)),
    ("two items that name a bucket", [None, None], [True, True], [BUCKET, BUCKET], [*may_be(0), *may_be(1)]),
    ("a known item and one that names a bucket", ["*", None], [False, True], [BUCKET], ["*", *may_be(1)]),
    ("two items and one reference", [None, None], [True, True], [BUCKET], [f"{WHOLE}[0]}}", f"{WHOLE}[1]}}"]),
    ("an item of a bucket and of something else", [None], [True], [BUCKET, "var.x"], [f"{WHOLE}[0]}}"]),
    ("an item of something else", [None], [True], ["aws_kms_key.k.arn"], [f"{WHOLE}[0]}}"]),
    ("an item without a reference", [None], [True], [], [f"{WHOLE}[0]}}"]),
    ("a list of which nothing is known", None, True, ["local.all"], f"{WHOLE}}}"),
    ("a known item besides", ["*", None], [False, True], ["local.x"], ["*", f"{WHOLE}[1]}}"]),
]


@pytest.mark.parametrize(
    ("listed", "unknown", "references", "resources"), [pytest.param(*p[1:], id=p[0]) for p in PLANS]
)
def test_unknown_resources_of_a_deferred_document(
    listed: Any, unknown: Any, references: list[str], resources: Any
) -> None:
    statement = {"actions": ["s3:GetObject"], "effect": None} | ({"resources": listed} if listed is not None else {})
    (found,) = read(deferred(statement, {"resources": unknown}, references))
    (described_statement,) = described(found)["statements"]
    assert described_statement["Resource"] == resources
    assert bool(found.assumed) is any("acme-veeam" in str(each) for each in resources)


def test_a_bound_resource_is_what_the_user_says() -> None:
    statement = {"actions": ["s3:GetObject"], "resources": [None]}
    value = deferred(statement, {"resources": [True]}, ["aws_s3_bucket.b.arn"])
    name = "data.aws_iam_policy_document.d.statement[0].resources[0]"
    (found,) = read(value, **{name: f"{ARN}/Veeam/*"})
    assert described(found)["statements"][0]["Resource"] == [f"{ARN}/Veeam/*"]


ITEM = "data.aws_iam_policy_document.d.statement[0].resources"


@pytest.mark.parametrize(
    ("bound", "group", "answer"),
    [
        ([], "bucket", "undetermined"),
        ([], "object", "undetermined"),
        ([f"{ARN}/*"], "bucket", "undetermined"),
        ([ARN, f"{ARN}/*"], "bucket", "allowed"),
        ([f"{ARN}/*", ARN], "object", "allowed"),
        ([f"{ARN}/*", f"{ARN}/x*"], "bucket", "missing"),
    ],
)
def test_an_item_that_names_a_bucket_proves_nothing_until_it_is_bound(
    bound: list[str], group: str, answer: str
) -> None:
    statement = {"actions": ["s3:*"], "resources": [None, None]}
    value = deferred(statement, {"resources": [True, True]}, [BUCKET, BUCKET])
    bind = {f"{ITEM}[{number}]": each for number, each in enumerate(bound)}
    report = check_veeam_backup_ready(value, groups=[group], bucket="acme-veeam", bind=bind)
    assert {each.decision.value for each in report.groups[0].results} == {answer}
    assert ("check the .tf files, which a plan does not show" in report.explain()) is (answer == "undetermined")


def test_a_deny_on_an_item_that_names_a_bucket_may_hit_the_bucket_and_its_objects() -> None:
    denied = deferred({"actions": ["s3:*"], "resources": [None], "effect": "Deny"}, {"resources": [True]}, [BUCKET])
    allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    report = check_veeam_backup_ready([allowed, denied], groups=["bucket", "object"], bucket="acme-veeam")
    assert {each.decision.value for group in report.groups for each in group.results} == {"undetermined"}
    report = check_veeam_backup_ready([allowed, denied], groups=["bucket", "object"], bucket="other")
    assert report.ready


def test_a_bucket_in_the_partition_of_its_region() -> None:
    statement = {"actions": ["s3:GetObject"], "resources": [None]}
    region = {"aws": {"expressions": {"region": {"constant_value": "us-gov-west-1"}}}}
    (found,) = read(deferred(statement, {"resources": [True]}, ["aws_s3_bucket.b.arn"], provider_config=region))
    assert described(found)["statements"][0]["Resource"][0]["value"] == "arn:aws-us-gov:s3:::acme-veeam"


def test_a_sensitive_bucket_name_is_not_told() -> None:
    statement = {"actions": ["s3:GetObject"], "resources": [None]}
    value = deferred(statement, {"resources": [True]}, ["aws_s3_bucket.b.arn"])
    value["planned_values"]["root_module"]["resources"][1]["sensitive_values"] = {"bucket": True}
    (found,) = read(value)
    assert "acme-veeam" not in json.dumps(described(found))


def test_statements_of_which_nothing_is_known_are_one_that_is_in_doubt() -> None:
    document = changed("aws_iam_policy_document", "d", {"json": True, "statement": True}, {"version": None}, "data")
    value = deferred({}, {}, [])
    value["resource_changes"][1] = document
    (found,) = read(value)
    (statement,) = described(found)["statements"]
    assert statement["doubt"] == "${data.aws_iam_policy_document.d.statement}"


def test_documents_that_are_made_of_each_other_end() -> None:
    value = deferred({"actions": ["s3:GetObject"], "resources": ["*"]}, {}, [])
    value["resource_changes"][1]["change"]["after"]["source_policy_documents"] = [None]
    value["resource_changes"][1]["change"]["after_unknown"]["source_policy_documents"] = [True]
    expressions = value["configuration"]["root_module"]["resources"][1]["expressions"]
    expressions["source_policy_documents"] = {"references": ["data.aws_iam_policy_document.d.json"]}
    (found,) = read(value)
    assert described(found)["statements"]


def test_variables_that_set_each_other_end() -> None:
    block = {"mode": "managed", "type": "aws_iam_role_policy", "name": "p"}
    role = {"role": {"references": ["var.a"]}}
    module = {
        "outputs": {"out": {"expression": {"references": ["var.a"]}}},
        "resources": [block | {"expressions": role}],
    }
    call = {"expressions": {"a": {"references": ["module.m.out"]}}, "module": module}
    value = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [IN_MODULE]}]}},
        "resource_changes": [CHANGE_IN_MODULE],
        "configuration": {"root_module": {"module_calls": {"m": call}}},
    }
    (found,) = read(value)
    assert len(found.attachment.principals) == 1


def test_presets_have_examples() -> None:
    used = {json.loads(file.read_text("utf-8")).get("preset") for file in (EXAMPLES / "selected").glob("*/select.json")}
    assert set(selected.presets()) <= used


# Small files that could be made into something huge.

DOCUMENT = "aws_iam_policy_document"
GROUP = {
    "GroupName": "g",
    "AttachedManagedPolicies": [{"PolicyArn": f"arn:aws:iam::aws:policy/p{number}"} for number in range(2000)],
}
CALLED = {
    "outputs": {f"o{number}": {"expression": {"references": [f"var.v{number}"] * 2}} for number in range(30)},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_iam_role_policy",
            "name": "p",
            "expressions": {"role": {"references": ["var.v0"]}},
        }
    ],
}
CALL = {f"v{number}": {"references": [f"module.m.o{number + 1}", f"module.m.o{number + 1}"]} for number in range(29)}
HUGE: list[tuple[str, Any]] = [
    (
        "a group of many users with many policies",
        {
            "UserDetailList": [{"UserName": f"u{number}", "GroupList": ["g"]} for number in range(2000)],
            "GroupDetailList": [GROUP],
        },
    ),
    (
        "a group of many users with many inline policies",
        plan_of(
            planned("aws_iam_group_membership", "m", {"group": "g", "users": [f"u{number}" for number in range(2000)]}),
            *(planned("aws_iam_group_policy", f"p{number}", {"group": "g", "policy": "{}"}) for number in range(2000)),
        ),
    ),
    (
        "a document of ten times itself",
        plan_of(
            planned("aws_iam_policy", "p", {}),
            resource_changes=[
                changed("aws_iam_policy", "p", {"policy": True}),
                changed(
                    DOCUMENT,
                    "d",
                    {"source_policy_documents": [True] * 10},
                    {"source_policy_documents": [None] * 10, "statement": [{"actions": ["s3:*"]}]},
                    "data",
                ),
            ],
            configuration={
                "root_module": {
                    "resources": [
                        {
                            "mode": "managed",
                            "type": "aws_iam_policy",
                            "name": "p",
                            "expressions": {"policy": {"references": [f"data.{DOCUMENT}.d.json"]}},
                        },
                        {
                            "mode": "data",
                            "type": DOCUMENT,
                            "name": "d",
                            "expressions": {
                                "source_policy_documents": {"references": [f"data.{DOCUMENT}.d.json"] * 10}
                            },
                        },
                    ]
                }
            },
        ),
    ),
    (
        "variables that double at each step",
        {
            "format_version": "1.2",
            "planned_values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [IN_MODULE]}]}},
            "resource_changes": [CHANGE_IN_MODULE],
            "configuration": {"root_module": {"module_calls": {"m": {"expressions": CALL, "module": CALLED}}}},
        },
    ),
]


@pytest.mark.parametrize("value", [pytest.param(case[1], id=case[0]) for case in HUGE])
def test_a_small_file_stays_small(value: Any) -> None:
    started = time.process_time()
    survives(json.dumps(value).encode(), account_dump if "GroupDetailList" in value else terraform_plan)
    assert time.process_time() - started < 60


def test_a_user_states_the_groups_it_is_in() -> None:
    value = plan_of(
        planned("aws_iam_user", "u", {"name": "veeam"}),
        planned("aws_iam_group", "g", {"name": "backup"}),
        planned("aws_iam_user_group_membership", "m", {"user": "veeam", "groups": ["backup"]}),
        planned("aws_iam_group_policy", "p", {"group": "backup", "policy": json.dumps(VEEAM)}),
    )
    (found,) = read(value)
    assert found.attachment.principals == ("aws_iam_group.g", "aws_iam_user.u")


def test_a_name_that_two_roles_have_stays_a_name() -> None:
    value = plan_of(
        *(planned("aws_iam_role", name, {"name": "backup"}) for name in ("a", "b")),
        planned("aws_iam_role_policy", "p", {"role": "backup", "policy": json.dumps(VEEAM)}),
    )
    (found,) = read(value)
    assert found.attachment.principals == ("backup",)


def test_what_one_of_two_roles_of_a_name_has_may_be_of_either() -> None:
    value = plan_of(
        *(planned("aws_iam_role", name, {"name": "backup"}) for name in ("a", "b")),
        planned("aws_iam_role_policy", "p", {"role": "backup", "policy": DENY}),
    )
    found = read(value)
    assert [each.attachment.principals for each in found] == [("backup",), ("aws_iam_role.a", "aws_iam_role.b")]
    assert cannot_be_known(found, "aws_iam_role.a") == ["backup"]


def test_a_bound_policy_is_what_the_user_says() -> None:
    value = plan_of(
        planned("aws_iam_role_policy", "p", {"role": "backup"}),
        resource_changes=[changed("aws_iam_role_policy", "p", {"policy": True})],
    )
    (found,) = read(value, **{"aws_iam_role_policy.p.policy": json.dumps(VEEAM)})
    assert len(described(found)["statements"]) == len(VEEAM["Statement"])


def test_of_many_policies_that_are_not_in_the_file_some_are_named() -> None:
    group = GROUP | {"GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": VEEAM}]}
    (found,) = read({"GroupDetailList": [group]})
    assert len(found.assumed) == 21
    assert found.assumed[20].startswith("more policies are attached but not in this file")


def test_a_statement_of_unknown_sid_that_an_override_may_replace_is_in_doubt() -> None:
    value = deferred({"actions": ["s3:*"], "resources": ["*"], "sid": None}, {"sid": True}, [])
    over = {"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    value["resource_changes"][1]["change"]["after"]["override_policy_documents"] = [json.dumps(over)]
    (found,) = read(value)
    first, second = described(found)["statements"]
    assert first["doubt"] == first["Sid"]
    assert "doubt" not in second


def test_unknown_sids_principals_and_conditions_are_tokens() -> None:
    statement = {
        "actions": ["s3:GetObject"],
        "sid": None,
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "not_principals": [{"identifiers": ["&{aws:username}"]}],
        "condition": [{"test": "StringEquals", "variable": "a", "values": ["x"]}],
        "resources": ["*"],
    }
    unknown = {"sid": True, "not_principals": [{"type": True}], "condition": True}
    known = statement | {"sid": "Known", "not_principals": [], "condition": []}
    value = deferred(statement, unknown, [])
    document = value["resource_changes"][1]["change"]
    document["after"]["statement"] = [known, statement]
    document["after_unknown"]["statement"] = [{}, unknown]
    (found,) = read(value)
    first, second = described(found)["statements"]
    name = "data.aws_iam_policy_document.d.statement[1]"
    assert (first["Sid"], first["doubt"]) == ("Known", f"${{{name}.sid}}")
    assert second["Sid"] == f"${{{name}.sid}}"
    assert second["Principal"] == "*"
    key, doubtful = f"${{{name}.not_principals[0].type}}", {"doubt": f"${{{name}.not_principals[0].type}}"}
    assert second["NotPrincipal"] == {key: doubtful | {"value": ["${aws:username}"]}}
    assert second["Condition"] == f"${{{name}.condition}}"


def cannot_be_known(found: list[Found], principal: str) -> list[str | None]:
    """The policies of a principal of which nothing is known."""
    return [each.entity for each in found if principal in each.attachment.principals and is_unknown(each.node)]


def is_unknown(node: Node) -> bool:
    return isinstance(node.value, Template) or node.doubt is not None


@pytest.mark.parametrize(
    ("unknown", "expressions", "names"),
    [
        ([{}, {"policy": True}], {}, ["aws_iam_role.a.inline_policy[1].policy"]),
        ([True], {}, ["aws_iam_role.a.inline_policy[0].policy"]),
        (True, {"inline_policy": [{}]}, ["aws_iam_role.a.inline_policy"]),
        (True, {}, []),
    ],
)
def test_an_unknown_inline_policy_of_a_role_stays(unknown: Any, expressions: Any, names: list[str]) -> None:
    block = {"mode": "managed", "type": "aws_iam_role", "name": "a", "expressions": expressions}
    value = plan_of(
        planned("aws_iam_role", "a", {"inline_policy": [{"name": "x", "policy": json.dumps(VEEAM)}, {"name": "y"}]}),
        resource_changes=[changed("aws_iam_role", "a", {"inline_policy": unknown})],
        configuration={"root_module": {"resources": [block]}},
    )
    found = read(value)
    assert found[0].entity == "aws_iam_role.a/x"
    assert cannot_be_known(found, "aws_iam_role.a") == names


@pytest.mark.parametrize(
    ("actions", "names"),
    [
        (["update"], ["aws_iam_role.a.inline_policy"]),
        (["no-op"], ["aws_iam_role.a.inline_policy"]),
        (["create"], []),
        (["delete", "create"], []),
    ],
)
def test_unknown_inline_policies_are_those_of_a_dynamic_block_unless_the_role_is_new(
    actions: list[str], names: list[str]
) -> None:
    change = changed("aws_iam_role", "a", {"inline_policy": True})
    change["change"]["actions"] = actions
    value = plan_of(
        planned("aws_iam_role", "a", {"name": "a"}),
        planned("aws_iam_role_policy", "p", {"role": "a", "policy": ALLOW}),
        resource_changes=[change],
    )
    found = read(value)
    assert cannot_be_known(found, "aws_iam_role.a") == names
    said = "aws_iam_role.a has no dynamic block of inline_policy, which the plan of a new role does not tell"
    assert {each.assumed for each in found} == {() if names else (said,)}


@pytest.mark.parametrize("more", [{}, {"GroupDetailList": []}, {"GroupDetailList": [{"GroupName": "other"}]}])
def test_what_a_group_has_that_is_not_in_the_dump_nobody_knows(more: dict[str, Any]) -> None:
    found = read({"UserDetailList": [{"UserName": "u", "GroupList": ["g"]}], **more})
    assert cannot_be_known(found, "user/u") == ["group/g"]


def test_what_a_group_has_that_is_not_in_the_plan_nobody_knows() -> None:
    value = plan_of(
        planned("aws_iam_user", "u", {"name": "veeam"}),
        planned("aws_iam_user_group_membership", "m", {"user": "veeam", "groups": ["backup"]}),
    )
    assert cannot_be_known(read(value), "aws_iam_user.u") == ["group/backup"]


DENY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})
ALLOW = DENY.replace("Deny", "Allow")
MEMBERSHIP = "aws_iam_user_group_membership"
MEMBERS = "aws_iam_group_membership"
TO_USER = "aws_iam_user_policy_attachment"


def with_unknown(kind: str, values: Any, unknown: str, each: list[str] | None = None, policy: str = DENY) -> Any:
    """A plan of a user, a group, policies, and one resource of which an attribute is unknown."""
    block: dict[str, Any] = {"mode": "managed", "type": kind, "name": "x", "expressions": {}}
    if each is not None:
        block["expressions"] = {unknown: {"references": ["each.value"]}}
        block["for_each_expression"] = {"references": each}
    return plan_of(
        planned("aws_iam_user", "u", {"name": "veeam"}),
        planned("aws_iam_group", "g", {"name": "g"}),
        planned("aws_iam_policy", "d", {"policy": policy}),
        planned("aws_iam_group_policy", "p", {"group": "g", "policy": policy}),
        planned(kind, "x", values),
        resource_changes=[changed(kind, "x", {unknown: True})],
        configuration={"root_module": {"resources": [block]}},
    )


@pytest.mark.parametrize(
    ("kind", "values", "unknown"),
    [
        ("aws_iam_user_policy", {"policy": DENY}, "user"),
        ("aws_iam_group_policy", {"policy": DENY}, "group"),
        (TO_USER, {"user": "veeam"}, "policy_arn"),
        (TO_USER, {"policy_arn": "arn:aws:iam::1:policy/x"}, "user"),
        (MEMBERSHIP, {"user": "veeam"}, "groups"),
        (MEMBERS, {"users": ["veeam"]}, "group"),
        (MEMBERS, {"group": "g"}, "users"),
        ("aws_iam_policy_attachment", {"policy_arn": "arn:aws:iam::1:policy/x"}, "users"),
    ],
)
@pytest.mark.parametrize("each", [None, [], ["local.all"], ["aws_kms_key.k", "aws_iam_user.u", "aws_iam_policy.d"]])
def test_whatever_a_user_may_have_is_in_doubt(kind: str, values: Any, unknown: str, each: list[str] | None) -> None:
    value = with_unknown(kind, values, unknown, each)
    if kind == "aws_iam_group_policy":
        value["planned_values"]["root_module"]["resources"].append(
            planned(MEMBERS, "m", {"group": "g", "users": ["veeam"]})
        )
    assert len(cannot_be_known(read(value), "aws_iam_user.u")) == 1


@pytest.mark.parametrize("named", ["aws_iam_user_policy", TO_USER, MEMBERS, MEMBERSHIP])
@pytest.mark.parametrize(
    ("kind", "values", "unknown"),
    [
        ("aws_iam_user_policy", {"policy": DENY}, "user"),
        (TO_USER, {"policy_arn": "arn:aws:iam::1:policy/x"}, "user"),
        (MEMBERS, {"group": "g"}, "users"),
        (MEMBERS, {"group": "elsewhere"}, "users"),
        (MEMBERSHIP, {"groups": ["elsewhere"]}, "user"),
        ("aws_iam_policy_attachment", {"policy_arn": "arn:aws:iam::1:policy/x"}, "users"),
    ],
)
def test_whatever_a_user_may_have_that_is_only_named_is_in_doubt(
    kind: str, values: Any, unknown: str, named: str
) -> None:
    having: dict[str, Any] = {
        "aws_iam_user_policy": {"user": "bert", "policy": ALLOW},
        TO_USER: {"user": "bert", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        MEMBERS: {"group": "readers", "users": ["bert"]},
        MEMBERSHIP: {"groups": ["readers"], "user": "bert"},
    }
    value = with_unknown(kind, values, unknown)
    value["planned_values"]["root_module"]["resources"] += [
        planned("aws_iam_group", "r", {"name": "readers"}),
        planned("aws_iam_group_policy", "r", {"group": "readers", "policy": ALLOW}),
        planned(named, "named", having[named]),
    ]
    assert len(cannot_be_known(read(value), "bert")) == 1


@pytest.mark.parametrize(
    ("kind", "values", "policy"),
    [
        ("aws_iam_group_policy_attachment", {"group": "g", "policy_arn": "arn:aws:iam::1:policy/x"}, ALLOW),
        ("aws_iam_group_policy", {"group": "g", "policy": DENY}, ALLOW),
    ],
)
def test_what_a_group_has_its_unknown_members_may_have(kind: str, values: Any, policy: str) -> None:
    value = with_unknown(MEMBERS, {"group": "g"}, "users", policy=policy)
    value["planned_values"]["root_module"]["resources"].append(planned(kind, "more", values))
    assert len(cannot_be_known(read(value), "aws_iam_user.u")) == 1


@pytest.mark.parametrize(
    ("kind", "values", "unknown"),
    [("aws_iam_user_policy", {"policy": ALLOW}, "user"), (MEMBERS, {"group": "g"}, "users")],
)
def test_a_policy_that_only_allows_is_not_in_doubt_for_others(kind: str, values: Any, unknown: str) -> None:
    found = read(with_unknown(kind, values, unknown, policy=ALLOW))
    assert not any("aws_iam_user.u" in each.attachment.principals for each in found)


SET = "aws_ssoadmin_permission_set"
ARN_OF_SET = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"


@pytest.mark.parametrize(
    ("kind", "values", "unknown", "bounded"),
    [
        (
            "aws_ssoadmin_managed_policy_attachment",
            {"managed_policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            0,
            0,
        ),
        ("aws_ssoadmin_managed_policy_attachment", {"managed_policy_arn": "arn:aws:iam::aws:policy/AWSDenyAll"}, 1, 0),
        ("aws_ssoadmin_customer_managed_policy_attachment", {}, 1, 0),
        ("aws_ssoadmin_permissions_boundary_attachment", {}, 0, 1),
    ],
)
def test_a_permission_set_is_a_principal(kind: str, values: dict[str, Any], unknown: int, bounded: int) -> None:
    value = plan_of(
        planned(SET, "s", {"name": "backup", "arn": ARN_OF_SET}),
        planned(f"{SET}_inline_policy", "p", {"permission_set_arn": ARN_OF_SET, "inline_policy": ALLOW}),
        planned(kind, "x", {"permission_set_arn": ARN_OF_SET, **values}),
    )
    found = read(value)
    assert (found[0].attachment.principals, found[0].attachment.kind) == ((f"{SET}.s",), "role")
    assert len(cannot_be_known(found, f"{SET}.s")) == unknown
    assert sum(f"{SET}.s" in each.attachment.boundary_of for each in found) == bounded


@pytest.mark.parametrize(
    ("kind", "values", "unknown", "behind"),
    [
        (TO_USER, {"user": "veeam"}, "policy_arn", "aws_iam_policy.d"),
        ("aws_iam_user_policy", {"policy": DENY}, "user", "aws_iam_user.u"),
    ],
)
def test_an_item_of_for_each_is_the_one_resource_that_it_can_be(
    kind: str, values: Any, unknown: str, behind: str
) -> None:
    found = read(with_unknown(kind, values, unknown, [behind]))
    (policy,) = (each for each in found if "aws_iam_user.u" in each.attachment.principals)
    assert not is_unknown(policy.node)
