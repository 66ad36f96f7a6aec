"""Who has which policies: those of one principal add up, those of several never do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam import assert_lint_clean, check_veeam_backup_ready
from pytest_veeam_iam.attachments import by_principal, of_one_principal
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.document import Attachment
from pytest_veeam_iam.iam.tree import Location
from pytest_veeam_iam.sources import policies_of
from tests.policy_documents import allow, document

if TYPE_CHECKING:
    from pytest_veeam_iam.iam.document import Policy


def policy(
    entity: str, *principals: str, boundary_of: tuple[str, ...] = (), path: str = "a.yaml", kind: str | None = None
) -> Policy:
    (plain,) = policies_of(document(allow("s3:*")))
    attachment = Attachment(principals, boundary_of, kind)  # type: ignore[arg-type]
    return replace(plain, entity=entity, attachment=attachment, location=Location(path, 1, 1))


A, B = policy("a", "role"), policy("b", "role", "user")
FREE, LIMIT, SCP = policy("free"), policy("limit", boundary_of=("role",)), policy("scp", kind="scp")
OTHER_FILE = policy("other", path="b.json")


def names(policies: tuple[Policy, ...]) -> list[str | None]:
    return [each.entity for each in policies]


def test_policies_are_grouped_by_principal_and_what_nobody_has_is_alone() -> None:
    found = by_principal([A, FREE, B, LIMIT, SCP])
    assert [(each.name, names(each.policies), each.boundary) for each in found] == [
        ("role", ["a", "b"], LIMIT),
        ("free", ["free"], None),
        ("user", ["b"], None),
    ]
    assert [each.is_principal for each in found] == [True, False, True]


@pytest.mark.parametrize(
    ("policies", "principal", "expected"),
    [
        ([A], None, ["a"]),
        ([A, FREE], None, ["a"]),  # what stands beside it in the same file is not attached
        ([A, OTHER_FILE], None, ["a", "other"]),  # a file that attaches nothing was meant for it
        ([FREE, OTHER_FILE], None, ["free", "other"]),
        ([A, B], "role", ["a", "b"]),
        ([A, B], "user", ["b"]),
        ([B], None, ["b"]),  # both have the same
    ],
)
def test_the_policies_of_one_principal(policies: list[Policy], principal: str | None, expected: list[str]) -> None:
    assert names(of_one_principal(policies, principal).policies) == expected


@pytest.mark.parametrize(
    ("policies", "principal", "message"),
    [
        (
            [A, B],
            None,
            'belong to 2 principals, whose grants do not add up: role, user; choose one, .*principal="role"',
        ),
        ([A], "rule", 'principal "rule": no policy of these files is attached to it; they name role'),
        ([FREE], "role", "they name none"),
        ([LIMIT], None, "are permissions boundaries, which grant nothing"),
        ([B, LIMIT], None, "belong to 2 principals"),  # only one of them has a boundary
    ],
)
def test_what_is_no_one_principal_is_an_error(policies: list[Policy], principal: str | None, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        of_one_principal(policies, principal)


def test_a_boundary_that_a_template_attaches_limits() -> None:
    small = replace(policies_of(document(allow("s3:GetObject")))[0], attachment=Attachment(boundary_of=("role",)))
    report = check_veeam_backup_ready([A, small], groups=["object"], bucket="acme")
    assert [each.action for each in report.groups[0].results if each.granted] == ["s3:GetObject"]
    assert {each.evaluation.blocked_by for each in report.groups[0].shortfalls} == {"boundary"}
    wide = check_veeam_backup_ready([A, small], groups=["object"], bucket="acme", permissions_boundary=FREE)
    assert not wide.shortfalls


def test_the_lint_is_of_all_policies_whoever_has_them() -> None:
    report = assert_lint_clean([policy("a", "role"), policy("b", "user")])
    assert {each.severity.value for each in report.findings} <= {"warning", "note"}
