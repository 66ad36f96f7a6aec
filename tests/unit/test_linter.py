"""The adapter of parliament: its findings at our places, and every way in which it goes wrong when used plainly."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_veeam_iam.iam.globs import action_glob
from pytest_veeam_iam.linter import Linted, actions_of, distribution, lint, loading, naming
from pytest_veeam_iam.sources import policies_of

if TYPE_CHECKING:
    from pytest_veeam_iam import Policy, linter

BUCKET, OBJECTS = "arn:aws:s3:::acme-veeam", "arn:aws:s3:::acme-veeam/*"


def policy(*statements: dict[str, Any], **elements: Any) -> Policy:
    """Return a policy whose elements stand in lines of their own."""
    document = {"Version": "2012-10-17", **elements, "Statement": list(statements)}
    (only,) = policies_of(json.dumps(document, indent=1))
    return only


def allow(action: str | list[str], resource: str | list[str] = OBJECTS, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def found(linted: Linted) -> list[tuple[str, str]]:
    """Return the issues, and what each is about."""
    return [(each.issue, each.text) for each in linted.findings]


def issues(*statements: dict[str, Any], **elements: Any) -> list[tuple[str, str]]:
    linted = lint(policy(*statements, **elements))
    assert linted.error is None
    return found(linted)


# --- what it finds, and where ---


def test_a_good_policy_has_no_findings() -> None:
    assert lint(policy(allow("s3:GetObject"))) == Linted()


PLACES = [
    (allow(["s3:GetObject", "s3:GetObjekt"]), "UNKNOWN_ACTION", "s3:GetObjekt", (8, 5)),
    (allow(["s3:GetObject", "s5:GetObject"]), "UNKNOWN_PREFIX", "s5:GetObject", (8, 5)),
    (allow("s3:GetObject", [OBJECTS, "arn:aws:s3"]), "INVALID_ARN", "arn:aws:s3", (9, 5)),
    (allow("s3:GetObject", Sid="a b"), "INVALID_SID", "a b", (4, 3)),
    (allow(["s3:PutObject", "iam:ListUsers"]), "RESOURCE_MISMATCH", "iam:ListUsers", (8, 5)),
    (
        allow(
            "s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringLike": {"s3:prefix": "x"}}
        ),
        "UNKNOWN_CONDITION_FOR_ACTION",
        "s3:prefix",
        (13, 6),
    ),
    (
        allow("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true", "aws:MultiFactorAuthPresent": "x"}}),
        "MISMATCHED_TYPE_OPERATION_TO_NULL",
        "aws:SecureTransport",
        (10, 6),
    ),
    (allow("s3:GetObject", Principal={"AWS": ["*", "me"]}), "UNKNOWN_PRINCIPAL", "me", (11, 6)),
    (allow("s3:PutBucketPolicy", BUCKET), "RESOURCE_POLICY_PRIVILEGE_ESCALATION", BUCKET, (7, 16)),
]


@pytest.mark.parametrize(("statement", "issue", "text", "place"), PLACES, ids=[case[1] for case in PLACES])
def test_a_finding_is_where_the_element_stands(
    statement: dict[str, Any], issue: str, text: str, place: tuple[int, int]
) -> None:
    places = {(each.issue, each.text): (each.location.line, each.location.column) for each in _findings(statement)}
    assert places[issue, text] == place


def _findings(*statements: dict[str, Any]) -> tuple[linter.Raw, ...]:
    return lint(policy(*statements)).findings


def test_a_finding_without_a_line_is_found_by_its_words() -> None:
    (only,) = _findings(allow("s3:GetObject", Sid="One"), allow("s3:PutObject", Sid="One"))
    assert (only.issue, only.text, only.location.line) == ("DUPLICATE_SID", "One", 10)


def test_a_finding_says_what_parliament_says() -> None:
    (only,) = _findings(allow("s3:GetObjekt"))
    assert (only.severity, only.title, only.detail) == ("LOW", "Unknown action", "Unknown action s3:GetObjekt")


@pytest.mark.parametrize(
    ("elements", "issue"), [({"Version": "2008-10-17"}, "OLD_VERSION"), ({"Version": "2020-01-01"}, "INVALID_VERSION")]
)
def test_what_is_about_the_document_is_at_its_beginning(elements: dict[str, str], issue: str) -> None:
    (only,) = lint(policy(allow("s3:GetObject"), **elements)).findings
    assert (only.issue, only.statement, only.location.line) == (issue, None, 1)


def test_the_actions_of_a_finding_are_listed() -> None:
    (only,) = _findings(allow("ec2:Start*", "*"))
    assert only.issue == "RESOURCE_STAR"
    assert "ec2:StartInstances" in only.actions


def test_files_do_not_share_their_places(tmp_path: Any) -> None:
    """parliament keeps the place of all findings that have none in one dictionary."""
    texts = [json.dumps({"Statement": [allow("s3:GetObject", f"{BUCKET}-{name}/*")]}) for name in "ab"]
    paths = [tmp_path / f"{name}.json" for name in "ab"]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    found_in = [lint(policies_of(path)[0]).findings[0] for path in [*paths, *paths]]
    assert [each.location.path for each in found_in] == [path.as_posix() for path in [*paths, *paths]]
    assert {each.issue for each in found_in} == {"NO_VERSION"}


# --- what would hide other findings ---


def test_an_unknown_action_hides_nothing() -> None:
    statement = allow(["s3:GetObjekt", "s5:X", "s3:ListBucket", "s3:ListAllMyBuckets"])
    assert {issue for issue, _ in issues(statement)} == {"UNKNOWN_ACTION", "UNKNOWN_PREFIX", "RESOURCE_MISMATCH"}


def test_a_statement_of_unknown_actions_hides_nothing_of_the_others() -> None:
    assert issues(allow("s3:GetObjekt"), allow("s3:ListAllMyBuckets")) == [
        ("UNKNOWN_ACTION", "s3:GetObjekt"),
        ("RESOURCE_MISMATCH", "s3:ListAllMyBuckets"),
    ]


@pytest.mark.parametrize(
    ("statement", "hiding"),
    [
        (allow("s3:ListAllMyBuckets", "arn:aws-eusc:s3:::b/*"), "INVALID_ARN"),
        (allow("s3:ListAllMyBuckets", "b/*"), "INVALID_ARN"),
        (allow("s3:ListAllMyBuckets", [OBJECTS, "b/*"]), "INVALID_ARN"),
        (allow("s3:ListAllMyBuckets", ["arn:aws:s3"]), "INVALID_ARN"),
        (allow("s3:ListAllMyBuckets", Sid="a-b"), "INVALID_SID"),
    ],
)
def test_an_odd_arn_or_sid_hides_nothing(statement: dict[str, Any], hiding: str) -> None:
    names = [issue for issue, _ in issues(statement, allow(["s3:PutBucketPolicy"], BUCKET))]
    assert names[0] == hiding
    assert "RESOURCE_POLICY_PRIVILEGE_ESCALATION" in names
    if statement["Resource"] != "b/*":  # nothing is left of that one
        assert "RESOURCE_MISMATCH" in names


def test_a_condition_that_it_cannot_read_hides_nothing() -> None:
    condition = {"ArnLike": {"sts:RequestContextProviders": "arn:aws:iam::aws:contextProvider/x"}}
    statement = allow(["sts:SetContext", "s3:ListAllMyBuckets"], OBJECTS, Condition=condition)
    names = [issue for issue, _ in issues(statement, allow("s3:GetObjekt"))]
    assert {"EXCEPTION", "UNKNOWN_ACTION", "RESOURCE_MISMATCH"} <= set(names)


# --- what it cannot take ---

LEGAL = {
    "an integer": {"NumericLessThan": {"s3:max-keys": 10}},
    "a fraction": {"NumericLessThan": {"s3:TlsVersion": 1.2}},
    "a boolean": {"Bool": {"aws:SecureTransport": True}},
    "a list of one boolean": {"Bool": {"aws:SecureTransport": ["true"]}},
    "a list of booleans": {"BoolIfExists": {"aws:MultiFactorAuthPresent": [True, "false"]}},
    "a list for Null": {"Null": {"aws:TokenIssueTime": ["true"]}},
    "a set operator": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
}


@pytest.mark.parametrize("condition", LEGAL.values(), ids=LEGAL)
def test_legal_conditions_do_not_make_it_raise(condition: dict[str, Any]) -> None:
    linted = lint(policy(allow(["s3:ListBucket"], BUCKET, Condition=condition)))
    assert linted.error is None
    assert "EXCEPTION" not in [each.issue for each in linted.findings]


TOO_MUCH = {
    "a long Resource": (allow("s3:GetObject", f"{BUCKET}/{'x' * 1_000_000}"), "a text of 1,000,024 characters"),
    "a long Action": (allow("s3:" + "x" * 3000), "a text of 3,003 characters"),
    "a long Sid": (allow("s3:GetObject", Sid="x" * 3000), "a text of 3,000 characters"),
    "a long value": (
        allow("s3:GetObject", Condition={"StringEquals": {"aws:username": "x" * 3000}}),
        "a text of 3,000 characters",
    ),
    "a long key": (allow("s3:GetObject", Condition={"StringEquals": {"x" * 3000: "x"}}), "a text of 3,000 characters"),
    "many stars": (allow("s3:GetObject", f"{BUCKET}/" + "*a" * 10), "10 wildcards in one Resource take it minutes"),
    "many resources": (
        allow("ec2:*", [f"arn:aws:ec2:*:*:instance/i-{number}" for number in range(300)]),
        "comparisons of actions with resources are more than",
    ),
    "a long document": (
        allow("s3:GetObject", [f"{BUCKET}/{number:01500}" for number in range(400)]),
        "characters are more than the 500,000",
    ),
}


@pytest.mark.parametrize(("statement", "reason"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_take_minutes_is_a_failure_and_not_a_pass(statement: dict[str, Any], reason: str) -> None:
    linted = lint(policy(statement))
    assert reason in str(linted.error)


def test_stars_in_a_row_are_one() -> None:
    assert issues(allow("s3:GetObject", f"{BUCKET}/{'*' * 50}")) == []


def test_a_trust_policy_is_left_out_with_a_reason() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    linted = lint(policy(trust))
    assert (linted.findings, linted.failures) == ((), ())
    assert "trust policy" in linted.skipped


@pytest.mark.parametrize("missing", ["Resource", "Action"])
def test_a_statement_that_lacks_an_element_is_left_out(missing: str) -> None:
    statement = allow("s3:GetObject")
    del statement[missing]
    assert issues(statement, allow("s3:GetObjekt")) == [("UNKNOWN_ACTION", "s3:GetObjekt")]


def test_an_exception_of_the_whole_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(loading.parliament(), "analyze_policy_string", fail)
    assert lint(policy(allow("s3:GetObject", "arn:aws:s3:::nowhere-else/*"))).error == "RecursionError: too deep"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the arguments of every analysis, the text apart."""
    made: list[dict[str, Any]] = []
    analyze = loading.parliament().analyze_policy_string

    def recorded(text: str, **more: Any) -> Any:
        made.append(more)
        return analyze(text, **more)

    monkeypatch.setattr(loading.parliament(), "analyze_policy_string", recorded)
    return made


def test_the_same_document_is_analysed_once(calls: list[dict[str, Any]]) -> None:
    for _ in range(3):
        lint(policy(allow("s3:GetObject", "arn:aws:s3:::analysed-once/*")))
    assert len(calls) == 1


def test_private_auditors_are_not_run(calls: list[dict[str, Any]]) -> None:
    lint(policy(allow("s3:GetObject", "arn:aws:s3:::no-auditors/*")))
    assert calls == [{"ignore_private_auditors": True}]


def test_several_threads_may_ask_at_once() -> None:
    results: list[Linted] = []
    policies = [policy(allow("s3:GetObjekt", f"arn:aws:s3:::thread-{number}/*")) for number in range(8)]
    threads = [threading.Thread(target=lambda one=one: results.append(lint(one))) for one in policies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found(each) for each in results] == [[("UNKNOWN_ACTION", "s3:GetObjekt")]] * 8


def test_the_actions_of_a_pattern() -> None:
    assert {"s3:GetObject", "s3:GetObjectVersion"} <= actions_of("S3:getobject*")
    assert actions_of("s3:Nothing*") == actions_of("nothing:*") == actions_of("no action") == frozenset()


_ENTRIES = st.lists(
    st.sampled_from(
        ["s3:GetObject", "S3:getobject", "s3:Get*", "s3:*", "s?:*", "*", "ec2:*", "ec2:Start?nstances", "x"]
    ),
    max_size=6,
)


@given(entries=_ENTRIES, action=st.sampled_from(["s3:GetObject", "ec2:StartInstances", "ec2:startinstances", "s3:X"]))
def test_the_entries_that_take_an_action_in_are_those_that_match_it(entries: list[str], action: str) -> None:
    statement = policy(allow(entries)).statements[0]
    found = naming(statement)
    matching = [each.lower() for each in entries if action_glob(each).accepts(action.lower())]
    assert sorted(each.text.lower() for each in found.names(action)) == [e for e in matching if e == action.lower()]
    patterns = sorted(each.text.lower() for each in found.patterns(action))
    assert patterns == sorted(e for e in matching if e != action.lower())


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    action=st.one_of(_TEXTS, st.sampled_from(["s3:GetObject", "s3:*", "*", "s3:Get?bject", "iam:*"])),
    resource=st.one_of(_TEXTS, _TEXTS.map(lambda text: f"{BUCKET}/{text}"), st.just("*")),
    sid=_TEXTS,
    operator=st.one_of(_TEXTS, st.sampled_from(["Bool", "StringLike", "IpAddress", "NumericEquals", "Null"])),
    key=st.one_of(_TEXTS, st.sampled_from(["aws:SourceIp", "s3:prefix", "s3:TlsVersion", "aws:CurrentTime"])),
    values=st.lists(_TEXTS, max_size=3),
)
def test_no_text_makes_it_fail(
    action: str, resource: str, sid: str, operator: str, key: str, values: list[str]
) -> None:
    linted = lint(policy(allow(action, resource, Sid=sid, Condition={operator: {key: values}})))
    assert linted.error is None or "wildcards" in linted.error


# --- importing it ---

_HEADER = """
import sys, json
from pytest_veeam_iam.sources import policies_of
from pytest_veeam_iam.linter import lint
document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "*"}]}
def issues():
    linted = lint(policies_of(document)[0])
    return [each.issue for each in linted.findings], linted.error
"""

WITHOUT_SETUPTOOLS = """
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pkg_resources", "setuptools"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
assert issues() == (["UNKNOWN_ACTION"], None), issues()
assert "pkg_resources" not in sys.modules
"""

WITH_PKG_RESOURCES = """
import types
real = sys.modules["pkg_resources"] = types.ModuleType("pkg_resources")
import importlib.resources
real.resource_filename = lambda package, name: str(importlib.resources.files(package) / name)
assert issues() == (["UNKNOWN_ACTION"], None), issues()
assert sys.modules["pkg_resources"] is real
"""

NOT_INSTALLED = """
sys.modules["parliament"] = None
names, error = issues()
assert names == [] and "parliament cannot be imported" in error and "parliament>=1.6.4" in error, error
assert "pkg_resources" not in sys.modules
"""

BROKEN = """
import types
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "jsoncfg":
            raise RuntimeError("half installed")
sys.meta_path.insert(0, Broken())
names, error = issues()
assert names == [] and "RuntimeError: half installed" in error, error
"""

NOT_BEFORE_IT_IS_ASKED = """
assert "parliament" not in sys.modules
issues()
assert "parliament" in sys.modules
"""

PROGRAMS = {
    "without setuptools": WITHOUT_SETUPTOOLS,
    "with pkg_resources": WITH_PKG_RESOURCES,
    "parliament not installed": NOT_INSTALLED,
    "parliament broken": BROKEN,
    "not before it is asked": NOT_BEFORE_IT_IS_ASKED,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_in_a_process_of_its_own_where_every_warning_is_an_error(program: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", _HEADER + program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_header_names_the_distribution() -> None:
    assert distribution().split()[0] in ("parliament", "ol-parliament")
