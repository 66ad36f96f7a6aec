"""Who a statement of a resource policy takes in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.certainty import Certainty
from pytest_veeam_iam.iam.document import Effect, Location, Principal, Problem, Statement
from pytest_veeam_iam.iam.principals import Caller, allow_direct, allow_limited, caller, deny

NEVER, DEPENDS, ALWAYS = Certainty.NEVER, Certainty.DEPENDS, Certainty.ALWAYS
HERE = Location("p.json")
ROOT, NUMBER = "arn:aws:iam::111122223333:root", "111122223333"
USER, ROLE = "arn:aws:iam::111122223333:user/veeam", "arn:aws:iam::111122223333:role/veeam"
SESSION = "arn:aws:sts::111122223333:assumed-role/veeam/proxy"


def statement(*texts: str, kind: str = "AWS", but: bool = False, none: bool = False) -> Statement:
    principals = None if none else tuple(Principal("*" if text == "*" else kind, text, HERE) for text in texts)
    return Statement(Effect.DENY, (), (), HERE, principals=principals, not_principal=but)


@pytest.mark.parametrize(
    ("arn", "identity", "session", "is_role"),
    [
        (USER, USER, None, False),
        ("arn:aws:iam::111122223333:user/a/b/veeam", "arn:aws:iam::111122223333:user/a/b/veeam", None, False),
        (ROLE, ROLE, None, True),
        ("arn:aws:iam::111122223333:role/a/veeam", "arn:aws:iam::111122223333:role/a/veeam", None, True),
        (SESSION, ROLE, SESSION, True),
    ],
)
def test_an_arn_names_a_caller(arn: str, identity: str, session: str | None, is_role: bool) -> None:
    who = caller(arn)
    assert who == Caller(frozenset({ROOT, NUMBER}), identity, session)
    assert who.is_role is is_role


def test_a_caller_is_in_the_partition_of_its_arn() -> None:
    who = caller("arn:aws-cn:sts::111122223333:assumed-role/veeam/proxy")
    assert who.identity == "arn:aws-cn:iam::111122223333:role/veeam"
    assert who.account == {NUMBER, "arn:aws-cn:iam::111122223333:root"}


@pytest.mark.parametrize(
    "arn",
    [
        "", "veeam", "*", NUMBER, ROOT, "arn:aws:iam::111122223333:user", "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:group/admins", "arn:aws:iam:::user/veeam", "arn:aws:sts::111122223333:user/veeam",
        "arn:aws:iam::111122223333:assumed-role/veeam/proxy", "arn:aws:sts::111122223333:assumed-role/veeam",
        "arn:aws:sts::111122223333:assumed-role/a/veeam/proxy", "xyz:aws:iam::111122223333:user/veeam",
        "arn:aws:sts::111122223333:federated-user/veeam",
    ],
)  # fmt: skip
def test_anything_else_is_no_caller(arn: str) -> None:
    with pytest.raises(TargetError) as caught:
        caller(arn)
    assert str(caught.value) == (
        f'principal "{arn}" is not the ARN of a user, role or role session; '
        "write for example arn:aws:iam::111122223333:user/veeam"
    )


ALLOWS = [
    # who calls, principals, limited, direct
    (None, ["*"], NEVER, NEVER),
    (None, [USER], NEVER, NEVER),
    (USER, ["*"], ALWAYS, NEVER),
    (USER, [USER], NEVER, ALWAYS),
    (USER, ["*", USER], ALWAYS, ALWAYS),
    (USER, [f"{USER}2"], NEVER, NEVER),
    (USER, [ROLE], NEVER, NEVER),
    (USER, [NUMBER], NEVER, NEVER),
    (USER, [ROOT], NEVER, NEVER),
    (USER, [], NEVER, NEVER),
    (ROLE, [ROLE], ALWAYS, NEVER),
    (ROLE, ["*"], ALWAYS, NEVER),
    (ROLE, [SESSION], NEVER, NEVER),
    (ROLE, [ROOT], NEVER, NEVER),
    (SESSION, [ROLE], ALWAYS, NEVER),
    (SESSION, [SESSION], NEVER, ALWAYS),
    (SESSION, [ROLE, SESSION], ALWAYS, ALWAYS),
    (SESSION, ["*"], ALWAYS, NEVER),
    (SESSION, [f"{SESSION}2"], NEVER, NEVER),
]


@pytest.mark.parametrize(("arn", "texts", "limited", "direct"), ALLOWS)
def test_an_allow_takes_in_those_it_names(
    arn: str | None, texts: list[str], limited: Certainty, direct: Certainty
) -> None:
    who = caller(arn) if arn else None
    assert allow_limited(statement(*texts), who) is limited
    assert allow_direct(statement(*texts), who) is direct
    assert allow_limited(statement(*texts, but=True), who) is NEVER
    assert allow_direct(statement(*texts, but=True), who) is NEVER


DENIES = [
    # who calls, principals, Principal, NotPrincipal
    (None, ["*"], ALWAYS, DEPENDS),
    (None, [USER], DEPENDS, DEPENDS),
    (None, [], DEPENDS, DEPENDS),
    (USER, ["*"], ALWAYS, ALWAYS),
    (USER, [USER], ALWAYS, ALWAYS),
    (USER, [NUMBER], ALWAYS, ALWAYS),
    (USER, [ROOT], ALWAYS, ALWAYS),
    (USER, [USER, ROOT], ALWAYS, NEVER),
    (USER, [USER, NUMBER], ALWAYS, NEVER),
    (USER, [f"{USER}2", ROOT], ALWAYS, ALWAYS),
    (USER, [f"{USER}2"], NEVER, ALWAYS),
    (USER, ["999999999999"], NEVER, ALWAYS),
    (ROLE, [ROLE], ALWAYS, ALWAYS),
    (ROLE, [ROLE, ROOT], ALWAYS, NEVER),
    (ROLE, [SESSION], DEPENDS, ALWAYS),
    (SESSION, [SESSION], ALWAYS, ALWAYS),
    (SESSION, [ROLE], ALWAYS, ALWAYS),
    (SESSION, [f"{SESSION}2"], NEVER, ALWAYS),
    (SESSION, [ROLE, ROOT], ALWAYS, ALWAYS),
    (SESSION, [SESSION, ROOT], ALWAYS, ALWAYS),
    (SESSION, [ROLE, SESSION], ALWAYS, ALWAYS),
    (SESSION, [ROLE, SESSION, ROOT], ALWAYS, NEVER),
]


@pytest.mark.parametrize(("arn", "texts", "named", "spared"), DENIES)
def test_a_deny_takes_in_those_it_names_and_spares_only_those_named_whole(
    arn: str | None, texts: list[str], named: Certainty, spared: Certainty
) -> None:
    who = caller(arn) if arn else None
    assert deny(statement(*texts), who, has_boundary=False) is named
    assert deny(statement(*texts), who, has_boundary=True) is named
    assert deny(statement(*texts, but=True), who, has_boundary=False) is spared
    assert deny(statement(*texts, but=True), who, has_boundary=True) is ALWAYS


@pytest.mark.parametrize("kind", ["Service", "Federated", "CanonicalUser"])
def test_other_kinds_of_principal_are_not_the_caller(kind: str) -> None:
    other = statement(USER, ROOT, kind=kind)
    assert allow_limited(other, caller(USER)) is NEVER
    assert allow_direct(other, caller(USER)) is NEVER
    is_account = kind == "CanonicalUser"  # it stands for an account, and nobody can tell here for which
    assert deny(other, caller(USER), has_boundary=False) is (DEPENDS if is_account else NEVER)
    assert deny(statement(USER, ROOT, kind=kind, but=True), caller(USER), has_boundary=False) is ALWAYS


def test_a_statement_without_a_principal_takes_in_nobody() -> None:
    assert allow_limited(statement(none=True), caller(USER)) is NEVER
    assert allow_direct(statement(none=True), caller(USER)) is NEVER
    assert deny(statement(none=True), caller(USER), has_boundary=False) is NEVER


@pytest.mark.parametrize(
    ("texts", "arn"),
    [
        (["arn:aws:iam::111122223333:role/app/veeam"], SESSION),
        ([SESSION], ROLE),
        ([SESSION], "arn:aws:iam::111122223333:role/app/veeam"),
    ],
)
def test_a_deny_of_a_role_or_session_that_may_be_the_caller_depends(texts: list[str], arn: str) -> None:
    assert deny(statement(*texts), caller(arn), has_boundary=False) is DEPENDS


def test_whom_a_refused_principal_spares_nobody_can_say() -> None:
    problem = Problem("AWS refuses it", HERE, "Principal")

    def refused(*texts: str, but: bool = False) -> Certainty:
        asked = replace(statement(*texts, but=but), problems=(problem,))
        return deny(asked, caller(USER), has_boundary=False)

    assert refused(f"{USER}*") is Certainty.UNRESOLVED
    assert refused(USER, ROOT, f"{USER}*", but=True) is Certainty.UNRESOLVED
    assert refused(USER, f"{USER}*") is ALWAYS
    assert deny(replace(statement(USER), problems=(problem,)), None, has_boundary=False) is DEPENDS


def test_another_problem_makes_no_principal_doubtful() -> None:
    other = Problem("AWS refuses it", HERE, "Resource")
    assert deny(replace(statement(f"{USER}2"), problems=(other,)), caller(USER), has_boundary=False) is NEVER


@pytest.mark.parametrize(
    ("texts", "arn"),
    [
        (["arn:aws:iam::111122223333:role/app/other"], SESSION),
        (["arn:aws:iam::999999999999:role/app/veeam"], SESSION),
        (["arn:aws:sts::111122223333:assumed-role/other/proxy"], ROLE),
    ],
)
def test_a_deny_of_a_role_or_session_that_cannot_be_the_caller_spares_it(texts: list[str], arn: str) -> None:
    assert deny(statement(*texts), caller(arn), has_boundary=False) is NEVER


def test_a_not_principal_with_the_role_under_another_path_may_spare_its_session() -> None:
    texts = ["arn:aws:iam::111122223333:role/app/veeam", SESSION, ROOT]
    assert deny(statement(*texts, but=True), caller(SESSION), has_boundary=False) is DEPENDS


def test_a_user_under_a_path_that_looks_like_a_role_is_none() -> None:
    assert not caller("arn:aws:iam::111122223333:user/x:role/veeam").is_role
    assert caller("arn:aws:iam::111122223333:role/x:user/veeam").is_role
