"""``veeam-iam generate``: a least-privilege policy as JSON, Terraform or CloudFormation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.generate import FORMS, generate, render
from pytest_veeam_iam.rulepacks import load_rulepack
from pytest_veeam_iam.target import target_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command("generate")
@click.option(
    "--pack", default="vb365-s3", metavar="PACK", help="Rule pack: vb365-s3, or vb365-s3@8.3 for that version."
)
@click.option("--profile", metavar="PROFILE", help="Named selection of the pack's groups.")
@click.option("--groups", multiple=True, metavar="GROUP", help="Group of the pack instead of a profile; repeatable.")
@click.option("--bucket", multiple=True, metavar="NAME", help="Bucket of the repository, * for any; repeatable.")
@click.option("--prefix", metavar="FOLDER", help="Folder of the repository in the bucket.")
@click.option("--region", metavar="REGION", help="Region of the archiver appliance; any if not named.")
@click.option("--account", metavar="DIGITS", help="The account's 12 digits; any if not named.")
@click.option("--partition", default="aws", metavar="PARTITION", help="aws, aws-cn, aws-us-gov, ...")
@click.option("--format", "form", type=click.Choice(FORMS), default="json", help="How to write it (default json).")
@click.option("-o", "--output", metavar="FILE", help="File to write instead of standard output.")
def command(
    *,
    pack: str,
    profile: str | None,
    groups: tuple[str, ...],
    bucket: tuple[str, ...],
    prefix: str | None,
    region: str | None,
    account: str | None,
    partition: str,
    form: str,
    output: str | None,
) -> None:
    """Write a policy that grants what a pack requires and recommends, and nothing else.

    What is more than AWS lets one managed policy hold becomes several.
    """
    rule_pack = load_rulepack(pack)
    target = target_of(bucket=bucket or None, prefix=prefix, region=region, account=account, partition=partition)
    selected = rule_pack.select(profile, [name for each in groups for name in each.split(",")] or None)
    texts = render(generate(rule_pack, selected, target), form, f"veeam-{rule_pack.id}")
    if output is not None:
        _write(texts, Path(output))
    elif len(texts) == 1:
        click.echo(texts[0], nl=False)
    else:
        raise TargetError(f"these are {len(texts)} policies, each a document of its own: name a file with -o FILE")


def _write(texts: Sequence[str], path: Path) -> None:
    """Write each text to a file; several get numbers, ``policy-1.json``."""
    paths = [path]
    if len(texts) > 1:
        paths = [path.with_stem(f"{path.stem}-{number}") for number in range(1, len(texts) + 1)]
    for each, text in zip(paths, texts, strict=True):
        each.write_text(text, "utf-8", newline="\n")
        click.echo(f"written: {each}", err=True)
