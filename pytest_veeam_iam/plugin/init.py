"""``--veeam-iam-init``: a first ``veeam-iam.toml`` is written for the policies that are found; nothing is checked."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_veeam_iam.config import TEAM_FILE, find_team_file
from pytest_veeam_iam.errors import TargetError, VeeamIamError
from pytest_veeam_iam.plugin import arguments
from pytest_veeam_iam.plugin.passed_over import files_behind
from pytest_veeam_iam.plugin.selection import bindings_for, find
from pytest_veeam_iam.plugin.team import base_of, name_of
from pytest_veeam_iam.readiness import check
from pytest_veeam_iam.sources import files, load_file, load_file_if_policy, suffixes
from pytest_veeam_iam.sources.discovery import are_of_resources
from pytest_veeam_iam.sources.found import Reading
from pytest_veeam_iam.teamfile import TeamFile, WrittenTarget
from pytest_veeam_iam.teamfile.draft import Draft, drafts, written
from pytest_veeam_iam.teamfile.resolving import resolve
from pytest_veeam_iam.tomlfile import TomlFile
from pytest_veeam_iam.waivers import today

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_veeam_iam.config import Layers, Settings
    from pytest_veeam_iam.iam.document import Policy


def init(config: pytest.Config, layers: Layers, settings: Settings) -> None:
    """Write the file, and say so.

    Raises:
        VeeamIamError: If there is one, or no policy to write it for.
    """
    named = settings.config
    path = (base_of(config, "veeam_iam_config") / named) if named else config.rootpath / TEAM_FILE
    _refuse_if_written(config, path, named)
    _check_acceptance(layers, settings)
    targets = [_with_reports(each, path, config, settings) for each in _drafts(config, settings, path.parent)]
    if not targets:
        raise TargetError(f"{layers.place('init')}: there is no IAM policy in what was named; name a file with one")
    text = written(targets, settings.arguments, accept_until=settings.accept_until, accepted_by=settings.accepted_by)
    with path.open("x", encoding="utf-8", newline="\n") as file:  # x: somebody may have been faster
        file.write(text)
    sys.stdout.write("\n".join(_told(targets, name_of(path, config), settings)) + "\n")


def _refuse_if_written(config: pytest.Config, path: Path, named: str | None) -> None:
    there = str(path) if path.exists() else None if named else find_team_file(str(config.rootpath))
    if there:
        raise TargetError(f"{name_of(Path(there), config)} is there already and is never overwritten; edit or move it")


def _check_acceptance(layers: Layers, settings: Settings) -> None:
    if (settings.accept_until is None) is not (settings.accepted_by is None):
        raise TargetError("--veeam-iam-accept-until=DATE and --veeam-iam-accepted-by=NAME go together; write both")
    now = today(settings.as_of, os.environ)
    if settings.accept_until and settings.accept_until < now:
        place = layers.place("accept-until")
        raise TargetError(f"{place}={settings.accept_until}: that is before {now} (UTC); write a day to come")


def _drafts(config: pytest.Config, settings: Settings, base: Path) -> list[Draft]:
    reading = Reading(bindings_for(config, settings, {}))
    found: dict[str, tuple[Policy, ...]] = {}
    searched: set[str] = set()
    for path, is_policy, is_searched in _candidates(config, settings):
        name = Path(os.path.relpath(path, base)).as_posix()
        load = load_file if is_policy else load_file_if_policy
        try:
            policies = load(path, name, reading=reading)
        except VeeamIamError:
            policies = ()
            is_policy = True  # the check will say what is wrong with it
        if is_policy or (policies and not are_of_resources(policies)):
            found[name] = policies
        if is_searched:
            searched.add(name)
    behind = files_behind(policy for policies in found.values() for policy in policies)
    for name in searched.intersection(behind):
        found.pop(name, None)
    return drafts(found, settings.match)


class _Candidate(NamedTuple):
    """A file to look into, whether it is known to hold a policy, and whether a search found it."""

    path: Path
    is_policy: bool
    is_searched: bool


def _candidates(config: pytest.Config, settings: Settings) -> Iterator[_Candidate]:
    """Yield the files to look into."""
    arguments.expand(config)
    if not arguments.are_typed(config):
        found = find(config, settings)
        yield from (_Candidate(path, is_policy=True, is_searched=found.is_discovered) for path in found.files)
        return
    for path in arguments.paths(config):
        if path.is_dir():
            skip = config.getini("norecursedirs")
            inside = [each for each in files.walk(path, skip=skip).files if each.name.lower().endswith(suffixes())]
            yield from (_Candidate(each, is_policy=False, is_searched=True) for each in inside)
        elif path.exists():
            yield _Candidate(path, is_policy=True, is_searched=False)
        else:
            raise TargetError(f"{name_of(path, config)}: there is no such file or directory")


def _with_reports(draft: Draft, path: Path, config: pytest.Config, settings: Settings) -> Draft:
    """Return a draft with what a check says of it today."""
    target = WrittenTarget(draft.name, 0, draft.keys)
    team = TeamFile(path, {}, (target,), (), TomlFile(path.name, "", {}))
    (resolved,) = resolve(
        team,
        settings.arguments,
        lambda weaker: bindings_for(config, settings, weaker),
        lambda each: name_of(each, config),
    )
    try:
        reports = tuple(check(case.policies, case.expected) for case in resolved.cases())
    except VeeamIamError:
        return draft  # the check will say what is wrong
    return replace(draft, reports=reports)


def _told(targets: list[Draft], name: str, settings: Settings) -> Iterator[str]:
    count = len(targets)
    gaps = sum(len(each.gaps) for each in targets)
    yield f"veeam-iam: wrote {name}: {count} {'target' if count == 1 else 'targets'}"
    for each in targets:
        if not each.reports:
            state = "cannot be read yet"
        elif each.gaps:
            state = f"not ready: {len(each.gaps)} {'gap' if len(each.gaps) == 1 else 'gaps'}"
        else:
            state = "ready"
        yield f"  {each.name}: {state}"
    if settings.accept_until and gaps:
        waivers = f"{gaps} {'waiver' if gaps == 1 else 'waivers'}"
        yield f"{waivers} until {settings.accept_until} ({settings.accepted_by}), a gap of today each"
    yield "Read it, name what was inferred wrong, then run pytest: it checks the targets and says what is missing."
