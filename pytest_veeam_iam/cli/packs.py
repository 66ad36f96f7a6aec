"""``veeam-iam packs``: the rule packs there are, with their groups and profiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from pytest_veeam_iam.rulepacks import list_rulepacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.rulepacks import RulePack


@click.command("packs")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """List the rule packs, with their groups and profiles."""
    packs = list_rulepacks()
    if as_json:
        click.echo(json.dumps([_values(pack) for pack in packs], indent=2))
    else:
        click.echo("\n\n".join("\n".join(_lines(pack)) for pack in packs))


def _lines(pack: RulePack) -> Iterator[str]:
    page = pack.provenance
    yield f"{pack.id}@{pack.version}  {pack.product}"
    yield f"  page      {page.page} of {page.page_updated}, build {page.build}"
    yield "  groups"
    for group in pack.groups:
        more = f", {len(group.recommended)} recommended" if group.recommended else ""
        yield f"    {group.id}: {len(group.required)} required{more}"
    yield "  profiles"
    for profile in pack.profiles:
        default = " (default)" if profile.id == pack.default_profile else ""
        yield f"    {profile.id}{default}: {profile.why.strip()}"


def _values(pack: RulePack) -> dict[str, object]:
    page = pack.provenance
    return {
        "id": pack.id,
        "version": pack.version,
        "product": pack.product,
        "page": page.page,
        "page_updated": page.page_updated.isoformat(),
        "build": page.build,
        "default_profile": pack.default_profile,
        "groups": [
            {
                "id": group.id,
                "title": group.title,
                "required": [each.action for each in group.required],
                "recommended": [each.action for each in group.recommended],
            }
            for group in pack.groups
        ],
        "profiles": [
            {
                "id": each.id,
                "groups": list(each.groups),
                "without": list(each.without),
                "confidence": each.confidence,
                "why": each.why.strip(),
            }
            for each in pack.profiles
        ],
    }
