"""A written target, held against packs and files: what is expected of which policies.

It knows neither pytest nor how an answer is shown.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_veeam_iam import checks
from pytest_veeam_iam.assertions import expectation, in_effect
from pytest_veeam_iam.attachments import by_principal, unit_of
from pytest_veeam_iam.config import override
from pytest_veeam_iam.errors import PolicyLoadError, TargetError, VeeamIamError
from pytest_veeam_iam.rulepacks import did_you_mean
from pytest_veeam_iam.sources import files, load_file, load_file_if_policy, suffixes, without_repeats
from pytest_veeam_iam.sources.found import Bindings, Reading
from pytest_veeam_iam.teamfile import keys
from pytest_veeam_iam.unknowns import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.readiness import Expectation, PoliciesInEffect
    from pytest_veeam_iam.teamfile import TeamFile, WrittenTarget
    from pytest_veeam_iam.waivers import Waiver

EXPECTED = (
    "pack", "profile", "groups", "bucket", "prefix", "region", "account", "partition", "scenario", "storage_class",
    "context", "list_buckets_on_s3_arn", "excess",
)  # fmt: skip
"""The keys of a target that say what is expected, as arguments of ``check_veeam_backup_ready`` are called."""

_SCPS = "service_control_policies"


class MissingFilesError(TargetError):
    """The files of a target are not there."""


@dataclass(frozen=True)
class Case:
    """One principal of a target, and one set of buckets.

    Attributes:
        name: What tells it from the others of its target; empty if there is only one.
        policies: All that has a say.
        expected: What they are held against.
    """

    name: str
    policies: PoliciesInEffect
    expected: Expectation


@dataclass(frozen=True)
class Target:
    """One target, ready to be checked.

    Attributes:
        written: As it stands in the file.
        team: The file.
        expected: What its policies are held against.
        bindings: What is bound for its templates, and what of that was used.
        waivers: Its waivers.
        name_of: Returns what messages call a file.
    """

    written: WrittenTarget
    team: TeamFile
    expected: Expectation
    bindings: Bindings
    waivers: tuple[Waiver, ...]
    name_of: Callable[[Path], str]
    _open: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Unique in the file."""
        return self.written.name

    @property
    def _base(self) -> Path:
        return self.team.path.parent

    @property
    def skips_if_missing(self) -> bool:
        """Whether it is skipped if its files are not there."""
        return self.written.text("when_missing") == "skip"

    @property
    def open_expressions(self) -> frozenset[str]:
        """What its templates leave open, as far as its cases were read."""
        return frozenset(self._open)

    def cases(self) -> tuple[Case, ...]:
        """Return what is to be checked, at least one.

        Raises:
            MissingFilesError: If its files are not there.
            VeeamIamError: If one of them cannot be read, or they belong to several principals.
        """
        principals = [*self._principals()]
        cases = [case for name, policies in principals for case in self._instances(name, policies)]
        for case in cases:
            self._open.update(token.expression for policy in case.policies.identity for token in tokens_of(policy))
        return tuple(cases)

    def case_of(self, policies: tuple[Policy, ...]) -> Case:
        """Return what other policies than those of its files would be for it."""
        return Case("", self._in_effect(policies, self.written.text("principal")), self.expected)

    def _principals(self) -> Iterator[tuple[str, PoliciesInEffect]]:
        found = self._found()
        principal = self.written.text("principal")
        if not self.written.keys.get("each"):
            policies = without_repeats(policy for own in found.values() for policy in own)
            yield "", self._in_effect(policies, principal)
            return
        arn = principal if principal and principal.startswith("arn:") else None
        seen: set[object] = set()
        for name, own in found.items():
            attached = by_principal(own)
            for each in attached:
                key = (unit_of(name), each.name) if each.is_principal else each.policies
                if key not in seen and (arn or principal in (None, each.name)):
                    seen.add(key)
                    called = f"{name}/{each.name}" if len(attached) > 1 and each.name else name
                    holder = each.name if each.is_principal else None
                    yield called, self._in_effect(each.policies, arn or holder, each.boundary)
        if not seen:
            raise TargetError(f'principal "{principal}": no policy of these files is attached to it')

    def _in_effect(
        self, policies: tuple[Policy, ...], principal: str | None, boundary: Policy | None = None
    ) -> PoliciesInEffect:
        given = self.written.text("permissions_boundary")
        return in_effect(
            policies,
            principal=principal,
            permissions_boundary=self._layer("permissions_boundary", [given]) if given else boundary,
            resource_policies=self._layer("resource_policies", self.written.texts("resource_policies")),
            session_policies=self._layer("session_policies", self.written.texts("session_policies")),
            service_control_policies=[self._layer(_SCPS, level) for level in self.written.levels],
            bindings=self.bindings,
        )

    def _layer(self, key: str, patterns: Iterable[str]) -> tuple[Policy, ...]:
        reading = Reading(self.bindings)
        return tuple(
            policy
            for pattern in patterns
            for path in self._matching(pattern, key)
            for policy in load_file(path, self.name_of(path), reading=reading)
        )

    def _found(self) -> dict[str, tuple[Policy, ...]]:
        """Return the policies of its files, by what messages call the file."""
        reading = Reading(self.bindings, form=self.written.text("form"), select=self.written.texts("select"))
        patterns = self.written.texts("files")
        if not patterns:
            return self._searched(reading)
        found: dict[str, tuple[Policy, ...]] = {}
        for pattern in patterns:
            own = dict(self._read(pattern, reading))
            if not any(own.values()):
                place = self.team.place_in(self.written, "files")
                raise PolicyLoadError(place, f"there is no IAM policy in {pattern}", remedy="name files that hold one")
            found |= {name: policies for name, policies in own.items() if policies}
        return found

    def _read(self, pattern: str, reading: Reading) -> Iterator[tuple[str, tuple[Policy, ...]]]:
        """Yield the policies of files; one that is named itself has to hold some, one that a glob takes in may not."""
        is_search = glob.has_magic(pattern) and not (self._base / pattern).exists()
        is_told = bool(reading.form or reading.select)
        for path in self._matching(pattern, "files"):
            inside = _walked(path) if path.is_dir() else [path]
            for file in inside:
                if is_told or not (is_search or path.is_dir()):
                    yield self.name_of(file), load_file(file, self.name_of(file), reading=reading)
                elif file.name.lower().endswith(suffixes()):
                    yield self.name_of(file), load_file_if_policy(file, self.name_of(file), reading=reading)

    def _matching(self, pattern: str, key: str) -> list[Path]:
        found = files.matching(pattern, self._base)
        if not found:
            where = self.team.place_in(self.written, key)
            raise MissingFilesError(f'{where}: target "{self.name}": no file matches {pattern}')
        return found

    def _searched(self, reading: Reading) -> dict[str, tuple[Policy, ...]]:
        """Return the policies that are attached to its principal, wherever they are below the file's directory."""
        principal = self.written.text("principal")
        found: dict[str, tuple[Policy, ...]] = {}
        for path in _walked(self._base):
            if not path.name.lower().endswith(suffixes()):
                continue
            try:
                policies = load_file_if_policy(path, self.name_of(path), reading=reading)
            except PolicyLoadError:
                continue  # whoever names the file hears of it
            if any(principal in (*each.attachment.principals, *each.attachment.boundary_of) for each in policies):
                found[self.name_of(path)] = policies
        if not found:
            where = self.team.place_in(self.written, "principal")
            raise MissingFilesError(
                f'{where}: target "{self.name}": no policy of the repository is attached to {principal}'
            )
        return found

    def _instances(self, name: str, policies: PoliciesInEffect) -> Iterator[Case]:
        """Yield a case, or one for each instance of a bucket of which there are several."""
        start = next((each[:-3] for each in self.expected.target.buckets or () if each.endswith("[*]")), None)
        symbols = dict.fromkeys(symbol for policy in policies.identity for symbol, _ in policy.buckets)
        instances = [symbol for symbol in symbols if start and symbol.startswith(f"{start}[")]
        if not instances or len(self.expected.target.buckets or ()) > 1:
            yield Case(name, policies, self.expected)
            return
        for symbol in instances:
            target = replace(self.expected.target, buckets=(symbol,))
            called = symbol.partition(":")[2]
            yield Case(f"{name}/{called}" if name else called, policies, replace(self.expected, target=target))


def _walked(folder: Path) -> Sequence[Path]:
    return files.walk(folder).files


def resolve(
    team: TeamFile,
    overrides: Mapping[str, object],
    bindings_for: Callable[[Mapping[str, str]], Bindings],
    name_of: Callable[[Path], str],
) -> tuple[Target, ...]:
    """Return the targets of a file, and what is expected of each.

    Args:
        team: The file.
        overrides: What a stronger source says of all targets.
        bindings_for: Returns the bindings, given the values of the file.
        name_of: Returns what messages call a file.

    Raises:
        TeamFileError: For values that a pack does not have, or that cannot be; each with its place.
        VeeamIamError: For what is wrong in a stronger source.
    """
    problems = [text for written in team.targets for text in _problems(team, written)]
    if problems:
        raise team.error(*problems)
    targets = []
    for written in team.targets:
        arguments = override(_arguments(written), overrides)
        try:
            expected = expectation(**arguments)  # type: ignore[arg-type]
        except VeeamIamError as error:
            place = team.place_in(written)
            raise TargetError(f'{error} (for target "{written.name}", {place})') from error
        bound: Mapping[str, str] = written.keys.get("bind", {})  # type: ignore[assignment]
        bindings = bindings_for({**team.bind, **bound})
        waivers = tuple(waiver for waiver in team.waivers if waiver.target == written.name)
        targets.append(Target(written, team, expected, bindings, waivers, name_of))
    problems = [text for target in targets for text in _waivers_of_nothing(target)]
    if problems:
        raise team.error(*problems)
    return tuple(targets)


def _arguments(written: WrittenTarget) -> dict[str, object]:
    found = {key: value for key, value in written.keys.items() if key in EXPECTED}
    if isinstance(found.get("groups"), str):
        found["groups"] = (found["groups"],)
    context = found.get("context")
    if isinstance(context, Mapping):
        found["context"] = {key: None if value == keys.ABSENT else value for key, value in context.items()}
    return found


def _problems(team: TeamFile, written: WrittenTarget) -> Iterator[str]:
    """Yield what is wrong with the values of a target: each is tried alone, so that the message has its place."""
    arguments = _arguments(written)
    pack = {key: arguments.pop(key) for key in ("pack",) if key in arguments}
    tried: dict[str, dict[str, object]] = {"pack": {}, **{key: {key: value} for key, value in arguments.items()}}
    if "storage_class" in tried and "scenario" in tried:
        tried["storage_class"] |= tried["scenario"]
    failed: set[str] = set()
    for key, alone in tried.items():
        if failed & {"pack", *alone}:
            continue
        try:
            expectation(**pack, **alone)  # type: ignore[arg-type]
        except VeeamIamError as error:
            yield f'{team.place_in(written, key)}: target "{written.name}": {error}'
            failed.add(key)


def _waivers_of_nothing(target: Target) -> Iterator[str]:
    """Yield the waivers of a target that name what its pack does not have, or what no check finds."""
    needed = [each.action for group in target.expected.groups for each in group.requirements]
    known = [each.action for group in target.expected.pack.groups for each in group.requirements]
    for number, waiver in enumerate(target.team.waivers):
        if waiver.target != target.name:
            continue
        place = target.team.place("waiver", number, "permission" if waiver.permission else "finding")
        if waiver.permission and waiver.permission not in needed:
            if waiver.permission in known:
                what = f"{target.name} does not need {waiver.permission}; remove the waiver"
            else:
                near = did_you_mean(waiver.permission, needed)
                what = f'permission = "{waiver.permission}" is none of {target.expected.pack.ref}{near}'
                what += "; write an action that the target needs, for example s3:RestoreObject"
            yield f"{place}: {what}"
        if waiver.finding and waiver.finding not in checks.names():
            near = did_you_mean(waiver.finding, checks.names())
            what = f'finding = "{waiver.finding}" is no finding{near}; possible are {", ".join(checks.names())}'
            yield f"{place}: {what}"


def bound_in_vain(team: TeamFile, targets: Sequence[Target], used: Collection[str], open_: set[str]) -> list[str]:
    """Return what the file binds and nothing uses.

    Args:
        team: The file.
        targets: All that it has, read before.
        used: What policies use that belong to no target.
        open_: What these leave open.
    """
    problems = []
    possible = sorted(open_.union(*(target.open_expressions for target in targets)))
    for expression in team.bind:
        if expression not in used and not any(expression in target.bindings.used for target in targets):
            problems.append(_in_vain(team.place_of_bound(expression), expression, possible))
    for target in targets:
        bound: Mapping[str, str] = target.written.keys.get("bind", {})  # type: ignore[assignment]
        for expression in bound:
            if expression not in target.bindings.used:
                place = team.place_of_bound(expression, "target", target.written.number)
                problems.append(_in_vain(place, expression, sorted(target.open_expressions)))
    return problems


def _in_vain(place: str, expression: str, possible: Sequence[str]) -> str:
    known = f"the templates leave open {', '.join(possible[:5])}" if possible else "the templates leave nothing open"
    return f'{place}: bind "{expression}": nothing uses it{did_you_mean(expression, possible)}; {known}'
