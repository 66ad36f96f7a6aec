"""``veeam-iam explain``: where an action is listed and why, or what was meant by a name that is none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from pytest_veeam_iam import catalog
from pytest_veeam_iam.errors import TargetError
from pytest_veeam_iam.iam.globs import action_problem
from pytest_veeam_iam.rulepacks import list_rulepacks, load_rulepack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_veeam_iam.rulepacks import Group, Requirement, RulePack

_FOUND, _NO_ACTION = 0, 1


@dataclass(frozen=True, slots=True)
class Need:
    """A group of a pack that needs the action; the fields are the keys of the JSON."""

    pack: str
    group: str
    heading: str
    page: str
    page_updated: str
    level: str
    why: str
    why_inferred: bool
    resources: dict[str, str]
    scope_inferred: bool
    note: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a name; the fields are the keys of the JSON.

    Attributes:
        action: As AWS writes it, or as it was asked for if there is none.
        exists: Whether it is an action.
        means: The action that is meant if it is the name of an API operation.
        did_you_mean: Actions whose names are near, if it is nothing.
        known_to: The data sets that list it.
        resource_types: What AWS authorises it on.
        needed_by: The groups that need it, or what it means.
        packs: Those that were looked into.
        undoes_protection: Whether a pack says that it can undo the protection of backups.
    """

    action: str
    exists: bool
    means: str | None
    did_you_mean: tuple[str, ...]
    known_to: tuple[str, ...]
    resource_types: tuple[str, ...]
    needed_by: tuple[Need, ...]
    packs: tuple[str, ...]
    undoes_protection: bool


@click.command("explain")
@click.argument("action")
@click.option("--pack", metavar="PACK", help="Look into this rule pack only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, action: str, pack: str | None, as_json: bool) -> int:
    """Say what an action is for and who needs it; exit code 1 if there is no such action."""
    problem = action_problem(action)
    if problem or set(action) & set("*?"):
        raise TargetError(problem or f'"{action}" is a pattern; name one action, for example s3:GetObject')
    found = explain(action, [load_rulepack(pack)] if pack else list_rulepacks())
    click.echo(json.dumps(asdict(found), indent=2) if as_json else "\n".join(_lines(found)))
    return _FOUND if found.exists else _NO_ACTION


def explain(action: str, packs: Sequence[RulePack]) -> Explanation:
    """Return what is known of a name, in any case."""
    known = next(iter(catalog.matching(action)), None)
    meant = None if known else next((name for pack in packs if (name := _named_after(action, pack))), None)
    name = (known or meant or action).lower()
    return Explanation(
        action=known or action,
        exists=known is not None,
        means=meant,
        did_you_mean=() if known or meant else catalog.nearest(action),
        known_to=catalog.known_to(action),
        resource_types=tuple(sorted(catalog.resource_types(name))),
        needed_by=tuple(
            _need(pack, group, requirement)
            for pack in packs
            for group in pack.groups
            for requirement in group.requirements
            if requirement.action.lower() == name
        ),
        packs=tuple(pack.ref for pack in packs),
        undoes_protection=any(name == each.lower() for pack in packs for each in pack.over_grants),
    )


def _named_after(name: str, pack: RulePack) -> str | None:
    return {api.lower(): action for api, action in pack.api_names.items()}.get(name.lower())


def _need(pack: RulePack, group: Group, requirement: Requirement) -> Need:
    return Need(
        pack=pack.ref,
        group=group.id,
        heading=group.heading,
        page=pack.provenance.page,
        page_updated=pack.provenance.page_updated.isoformat(),
        level=requirement.level,
        why=requirement.why,
        why_inferred=requirement.why_inferred,
        resources={kind: pack.resource_types[kind] for kind in requirement.resource_types},
        scope_inferred=requirement.scope_inferred,
        note=requirement.note.strip(),
    )


def _lines(found: Explanation) -> Iterator[str]:
    """Yield what is known, a line each."""
    yield _heading(found)
    for need in found.needed_by:
        yield from _lines_of_need(need)
    if found.exists and not found.needed_by:
        undoes = "; it can undo the protection of backups" if found.undoes_protection else ""
        yield f"  needed    by no group of {', '.join(found.packs)}{undoes}"
    for number, each in enumerate(found.resource_types):
        yield f"  {'' if number else 'AWS':8}  {'* (it has no resource)' if each == '*' else each}"


def _heading(found: Explanation) -> str:
    if found.exists:
        return found.action
    if found.means:
        return f"{found.action} is the name of an API operation; the IAM action is {found.means}"
    if found.did_you_mean:
        return f"{found.action} does not exist; did you mean {' or '.join(found.did_you_mean)}?"
    return f"{found.action} is unknown to {' and '.join(catalog.unknown_to(found.action))}"


def _lines_of_need(need: Need) -> Iterator[str]:
    yield f"  needed    by {need.pack}, group {need.group}: {need.level}"
    yield f'  listed    {need.page} of {need.page_updated}, "{need.heading}"'
    yield f"  why       {need.why}{' (inferred)' if need.why_inferred else ''}"
    inferred = " (inferred)" if need.scope_inferred else ""
    for number, (kind, template) in enumerate(need.resources.items()):
        yield f"  {'' if number else 'on':8}  {kind}: {template}{inferred}"
    if need.note:
        yield f"  note      {need.note}"
