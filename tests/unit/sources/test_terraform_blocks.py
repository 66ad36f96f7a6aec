"""The block of a source file that an address of a plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_veeam_iam.sources.terraform.blocks import block_of

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """\
# resource "aws_iam_role" "commented" {
resource "aws_iam_role" "veeam" {
}

  data "aws_iam_policy_document" "veeam" {
}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    infra = tmp_path / "infra"
    (tmp_path / "modules" / "backup").mkdir(parents=True)
    infra.mkdir()
    (infra / "main.tf").write_text(MAIN)
    (tmp_path / "modules" / "backup" / "main.tf").write_text('resource "aws_iam_policy" "backup" {\n}\n')
    for name in ("one", "two"):
        (tmp_path / "modules" / f"{name}.tf").write_text('resource "aws_iam_user" "twice" {\n}\n')
    return infra


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("aws_iam_role.veeam", "infra/main.tf:2:1"),
        ('aws_iam_role.veeam["eu"]', "infra/main.tf:2:1"),
        ("aws_iam_role.veeam/inline", "infra/main.tf:2:1"),
        ("data.aws_iam_policy_document.veeam", "infra/main.tf:5:3"),
        ('module.a["x.y"].module.b[0].aws_iam_policy.backup', "modules/backup/main.tf:1:1"),
    ],
)
def test_an_address_leads_to_its_block(plan: Path, address: str, place: str) -> None:
    found = block_of(address, plan)
    assert str(found) == f"{plan.parent.as_posix()}/{place}"


@pytest.mark.parametrize(
    "address",
    ["aws_iam_user.twice", "aws_iam_role.commented", "aws_iam_role.other", "veeam", "", "arn:aws:iam::1:role/x"],
)
def test_what_is_not_there_once_has_no_place(plan: Path, address: str) -> None:
    assert block_of(address, plan) is None
