"""What ``veeam_target`` and ``veeam_check`` stand for in one test: a target of the file, or one that the test makes.

Explicit arguments win over the marker, the marker over the options, and these over the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.assertions import check_veeam_backup_ready
from pytest_veeam_iam.config import override
from pytest_veeam_iam.errors import TargetError, VeeamIamError
from pytest_veeam_iam.plugin.selection import bindings_for, parameters
from pytest_veeam_iam.plugin.targets import CaseSubject, session_targets
from pytest_veeam_iam.plugin.team import name_of, team_file
from pytest_veeam_iam.readiness import check
from pytest_veeam_iam.rulepacks import did_you_mean
from pytest_veeam_iam.sources import policies_of
from pytest_veeam_iam.teamfile import TeamFile, WrittenTarget, keys
from pytest_veeam_iam.teamfile.resolving import Case, resolve
from pytest_veeam_iam.tomlfile import TomlFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.plugin.targets import Targets
    from pytest_veeam_iam.report import Report
    from pytest_veeam_iam.teamfile.resolving import Target

_MORE = ("fail_on", "lint")


def marked(markers: Sequence[pytest.Mark]) -> dict[str, Any]:
    """Return what the markers of a test say, the nearest first; raises TargetError for a key that there is not."""
    found: dict[str, Any] = {}
    possible = ("target", *(key.name for key in keys.TARGET if key.name != "name"), *_MORE)
    for marker in reversed(markers):
        for key in marker.kwargs:
            if key not in possible:
                raise TargetError(f'marker veeam_iam: "{key}" is no key{did_you_mean(key, possible)}')
        found = override(found, marker.kwargs)
    return found


def subjects(config: pytest.Config, settings: Settings, name: str | None) -> list[CaseSubject]:
    """Return what there is to check of a target, or of all.

    Raises:
        VeeamIamError: If there is no such target, or it cannot be read.
    """
    targets = session_targets(config, settings)
    chosen = targets.targets if name is None else (_target(targets, name),)
    return [subject for target in chosen for subject in targets.subjects(target)]


def policies(config: pytest.Config, settings: Settings) -> list[tuple[str, Policy | VeeamIamError]]:
    """Return the policies of the repository by the ids of their tests: those configured, else those of the targets.

    Raises:
        VeeamIamError: If there is none.
    """
    team = None if settings.policies else team_file(config, settings.config)
    if team is None or not team.targets:
        return list(zip(*parameters(config, settings), strict=True))
    found: list[tuple[str, Policy | VeeamIamError]] = []
    targets = session_targets(config, settings)
    for target in targets.targets:
        try:
            own = targets.subjects(target)
        except VeeamIamError as error:
            found.append((target.name, error))
            continue
        for each in own:
            count = len(each.policies)
            found += [(each.name if count == 1 else f"{each.name}/{n}", one) for n, one in enumerate(each.policies)]
    return found


def subject(config: pytest.Config, settings: Settings, name: str) -> CaseSubject:
    """Return the only thing that there is to check of a target, or the one of that name.

    Raises:
        VeeamIamError: If there is none, or several.
    """
    targets = session_targets(config, settings)
    own = [each for target in targets.targets if name.startswith(target.name) for each in targets.subjects(target)]
    found = [each for each in own if each.name == name] or [each for each in own if each.target == name]
    if len(found) == 1:
        return found[0]
    if not found:
        _target(targets, name)
    names = ", ".join(each.name for each in found[:5])
    raise TargetError(f'target "{name}" is {len(found)} principals or buckets: name one of {names}')


def _target(targets: Targets, name: str) -> Target:
    names = [each.name for each in targets.targets]
    if name not in names:
        file = targets.team.toml.path
        raise TargetError(
            f'target "{name}" is not in {file}{did_you_mean(name, names)}; possible are {", ".join(names)}'
        )
    return targets.targets[names.index(name)]


class Check:
    """The fixture ``veeam_check``.

    Args:
        config: pytest's.
        settings: The options.
        mark: What the markers of the test say.
        chosen: What ``veeam_target`` is in this test, if it asks for it.
    """

    def __init__(
        self, config: pytest.Config, settings: Settings, mark: Mapping[str, Any], chosen: CaseSubject | None
    ) -> None:
        self._config, self._settings, self._chosen = config, settings, chosen
        self._mark = {key: value for key, value in mark.items() if key != "target"}
        name = mark.get("target")
        if name is not None and chosen is None:
            self._chosen = subject(config, settings, name)

    def __call__(self, policy: object = None, **target: object) -> Report:
        """Return whether a policy, or those of the target, grant what is expected."""
        __tracebackhide__ = True
        more = override(self._mark, target)
        if self._chosen is None and "files" not in more:
            if policy is None:
                raise TargetError(
                    'veeam_check: there is no policy; pass one, or mark the test veeam_iam(target="NAME")'
                )
            return check_veeam_backup_ready(policy, **override(self._settings.arguments, more))  # type: ignore[arg-type]
        if policy is None and not more and self._chosen is not None:
            return self._chosen.report
        return self._own(policy, more)

    def _own(self, policy: object, more: Mapping[str, object]) -> Report:
        """Return the report of a target that the test changes: it is none of the file, so that no waiver counts."""
        team = self._chosen.team if self._chosen else None
        written = self._chosen.written.keys if self._chosen else {}
        said = override(override(written, self._settings.arguments), more)
        known = {key.name for key in keys.TARGET}
        own = WrittenTarget(self._chosen.target if self._chosen else "marked", 0, _frozen(said, known))
        path = team.path if team else self._config.rootpath / "conftest.py"
        bind = team.bind if team else {}
        ad_hoc = TeamFile(path, bind, (own,), (), team.toml if team else TomlFile("marker veeam_iam", "", {}))
        (resolved,) = resolve(
            ad_hoc,
            {key: value for key, value in said.items() if key not in known},
            lambda weaker: bindings_for(self._config, self._settings, weaker),
            lambda each: name_of(each, self._config),
        )
        case = self._case(resolved, policy)
        return check(case.policies, case.expected)

    def _case(self, target: Target, policy: object) -> Case:
        if policy is not None:
            return target.case_of(policies_of(policy, bindings=target.bindings))  # type: ignore[arg-type]
        cases = target.cases()
        wanted = self._chosen.case if self._chosen else ""
        found = [each for each in cases if each.name == wanted] or list(cases)
        if len(found) > 1:
            raise TargetError(f"these are {len(found)} principals or buckets: {', '.join(each.name for each in found)}")
        return found[0]


def _frozen(said: Mapping[str, object], known: set[str]) -> dict[str, object]:
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in said.items()
        if key in known and value is not None
    }
