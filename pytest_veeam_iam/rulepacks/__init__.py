"""Decides what a product needs according to its rule pack, and knows no policy: packs are data, read on first use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from pytest_veeam_iam.errors import RulePackError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from importlib.resources.abc import Traversable

Level: TypeAlias = Literal["required", "recommended"]
Confidence: TypeAlias = Literal["documented", "documented elsewhere", "inferred"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a pack comes from.

    Attributes:
        page: The address of the vendor's page.
        page_updated: The date the page gives itself.
        build: The build of the product that the page names.
        retrieved: When the page was read for this pack.
        last_seen_unchanged: When its lists were last found to be the same.
    """

    page: str
    page_updated: date
    build: str
    retrieved: date
    last_seen_unchanged: date


@dataclass(frozen=True, slots=True)
class Requirement:
    """One permission that the product needs.

    Attributes:
        action: The IAM action, ``service:Name``.
        resource_types: What it is used on: ids of the pack's resource types; it must hold on all of them.
        level: "required", or "recommended" where the vendor's sources differ.
        why: What the product does with it.
        why_inferred: No vendor's page says why; somebody concluded it.
        scope_inferred: No page says on which resources; somebody concluded it.
        note: What is worth knowing beyond that, may be empty.
    """

    action: str
    resource_types: tuple[str, ...]
    level: Level
    why: str
    why_inferred: bool
    scope_inferred: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Permissions that the vendor lists together.

    Attributes:
        id: The name by which users select it.
        title: What it is about, in a word or two.
        heading: The vendor's heading over the list.
        requirements: All of them, in the order of the page.
    """

    id: str
    title: str
    heading: str
    requirements: tuple[Requirement, ...]

    @property
    def required(self) -> tuple[Requirement, ...]:
        """The permissions without which the product is not ready."""
        return tuple(each for each in self.requirements if each.level == "required")

    @property
    def recommended(self) -> tuple[Requirement, ...]:
        """The permissions that are better granted as well."""
        return tuple(each for each in self.requirements if each.level == "recommended")


@dataclass(frozen=True, slots=True)
class Profile:
    """A named selection of groups.

    Attributes:
        id: The name by which users select it.
        groups: The ids of its groups.
        without: Actions that are not needed in this case.
        confidence: Whether the vendor says so, says so on another page, or somebody concluded it.
        why: What that rests on.
    """

    id: str
    groups: tuple[str, ...]
    without: tuple[str, ...]
    confidence: Confidence
    why: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to use the product, and the storage classes it supports there (their ids)."""

    id: str
    storage_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RulePack:
    """What one version of a product needs.

    Attributes:
        id: The product's short name, such as ``vb365-s3``.
        version: Digits and dots; compared as numbers.
        product: Its full name.
        provenance: Where all this comes from.
        resource_types: Id -> ``*`` or an ARN with the placeholders {partition} {bucket} {prefix} {region} {account}.
        groups: In the order of the page.
        profiles: The selections that have a name.
        scenarios: They never change what is required.
        storage_class_names: Id of a storage class -> the vendor's name of it.
        api_names: Names of API operations that are not IAM actions -> the IAM action that is meant.
        over_grants: Actions that the product does not need and that can undo a backup's protection.
        default_profile: The profile that holds if nothing is selected.
        sha256: Of the file that it was read from.
    """

    id: str
    version: str
    product: str
    provenance: Provenance
    resource_types: Mapping[str, str]
    groups: tuple[Group, ...]
    profiles: tuple[Profile, ...]
    scenarios: tuple[Scenario, ...]
    storage_class_names: Mapping[str, str]
    api_names: Mapping[str, str]
    over_grants: tuple[str, ...]
    default_profile: str
    sha256: str = ""

    def __hash__(self) -> int:
        return hash((self.id, self.version))

    @property
    def ref(self) -> str:
        """Id and version as messages show them: ``vb365-s3 8.3``."""
        return f"{self.id} {self.version}"

    def group(self, id: str) -> Group:  # noqa: A002 - the name users know it by
        """Return the group of that id.

        Args:
            id: One of the pack's groups.

        Raises:
            TargetError: There is none; the message names those there are.
        """
        return _named(id, self.groups, "a group", self.ref)

    def profile(self, id: str) -> Profile:  # noqa: A002 - the name users know it by
        """Return the profile of that id.

        Args:
            id: One of the pack's profiles.

        Raises:
            TargetError: There is none; the message names those there are.
        """
        return _named(id, self.profiles, "a profile", self.ref)

    def select(self, profile: str | None = None, groups: Sequence[str] | None = None) -> tuple[Group, ...]:
        """Return the groups to check.

        Args:
            profile: A profile's id; its groups come without the actions it takes out.
            groups: Ids of groups instead; one twice counts once. A single string is one id.

        Returns:
            The groups in the pack's order; those of the default profile if nothing is named.

        Raises:
            TargetError: Both are named, a name does not exist, or ``groups`` is empty.
        """
        if groups is None:
            return self._of_profile(self.profile(profile or self.default_profile))
        if profile is not None:
            what = f'profile "{profile}" and groups are both named'
            message = f"{what}; name one of the two, a profile is itself a selection of groups"
            raise TargetError(message)
        wanted = {self.group(each).id for each in ([groups] if isinstance(groups, str) else groups)}
        if not wanted:
            message = f"groups is empty; name at least {_one_of(each.id for each in self.groups)}"
            raise TargetError(message)
        return tuple(group for group in self.groups if group.id in wanted)

    def _of_profile(self, profile: Profile) -> tuple[Group, ...]:
        return tuple(
            replace(
                group, requirements=tuple(each for each in group.requirements if each.action not in profile.without)
            )
            for group in self.groups
            if group.id in profile.groups
        )

    def check_scenario(
        self, scenario: str | None = None, storage_class: str | None = None
    ) -> tuple[str | None, str | None]:
        """Refuse a storage class that the product does not support as a target.

        Args:
            scenario: A scenario's id.
            storage_class: Its id in any case, or the vendor's full name; without a scenario any one must support it.

        Returns:
            The ids of both, as the pack writes them.

        Raises:
            TargetError: Either is unknown, or they do not go together; the message names what does.
        """
        candidates = self.scenarios
        if scenario is not None:
            candidates = (_named(scenario, self.scenarios, "a scenario", self.ref),)
        if storage_class is None:
            return scenario, None
        supported = dict.fromkeys(id_ for each in candidates for id_ in each.storage_classes)
        known = {name.lower(): id_ for id_ in supported for name in (id_, self.storage_class_names[id_])}
        if storage_class.lower() not in known:
            of = f"scenario {scenario} of rule pack {self.ref}" if scenario else f"rule pack {self.ref}"
            what = f'"{storage_class}" is not a storage class that {of} supports'
            message = f"{what}{did_you_mean(storage_class, supported)}; use {_one_of(supported)}"
            raise TargetError(message)
        return scenario, known[storage_class.lower()]


_Named = TypeVar("_Named", Group, Profile, Scenario)


def load_rulepack(ref: str | os.PathLike[str] = "vb365-s3") -> RulePack:
    """Return a rule pack.

    Args:
        ref: ``vb365-s3`` for the newest version of it, ``vb365-s3@8.3`` for exactly that one, or the path of a .toml
            file of the same form.

    Returns:
        The pack; a packaged one is read once per process.

    Raises:
        RulePackError: There is no such pack, or it is not valid: ``problems`` has all that is wrong with it.
    """
    ref = os.fspath(ref)
    return _read_file(ref) if ref.endswith(".toml") else _read_packaged(_choose(ref))


def list_rulepacks() -> tuple[RulePack, ...]:
    """Return every packaged rule pack, by id and version.

    Raises:
        RulePackError: One of them is not valid.
    """
    return tuple(_read_packaged(each) for each in _packaged())


def did_you_mean(name: str, possible: Iterable[str]) -> str:
    """Return `` (did you mean ...?)`` if one of the possible names is near, else an empty string."""
    from difflib import get_close_matches  # errors only

    by_lower = {each.lower(): each for each in possible}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f" (did you mean {by_lower[near[0]]}?)" if near else ""


_FILE_NAME = re.compile(r"(?P<id>.+)-(?P<version>[0-9]+(?:\.[0-9]+)*)\.toml")


@dataclass(frozen=True, slots=True, order=True)
class _Packaged:
    id: str
    version: tuple[int, ...]
    file_name: str

    def __str__(self) -> str:
        return f"{self.id}@{'.'.join(map(str, self.version))}"


def _folder() -> Traversable:
    from importlib.resources import files  # works from a zip as well; not needed at import

    return files(__name__)


def _packaged() -> tuple[_Packaged, ...]:
    found = []
    for name in sorted(each.name for each in _folder().iterdir() if each.name.endswith(".toml")):
        match = _FILE_NAME.fullmatch(name)
        if match is None:
            raise RulePackError([f"{_shown(name)}:1: the name has no version; call it ID-VERSION.toml"])
        found.append(_Packaged(match["id"], _number(match["version"]), name))
    return tuple(sorted(found))


@cache
def _choose(ref: str) -> _Packaged:
    product, _, version = ref.partition("@")
    packs = _packaged()
    named = [each for each in packs if each.id == product]
    fitting = [each for each in named if not version or _number(version) == each.version]
    if not fitting or ref.endswith("@"):
        near = "" if named else did_you_mean(product, (each.id for each in packs))
        possible = _one_of(str(each) for each in packs)
        raise RulePackError([f'"{ref}" is not a packaged rule pack{near}; use {possible}, or the path of a .toml file'])
    return fitting[-1]


def _number(version: str) -> tuple[int, ...]:
    """Return the version so that it compares as numbers (8.10 is newer than 8.9); empty if it is not one."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"[0-9]+(\.[0-9]+)*", version) else ()


@cache
def _read_packaged(pack: _Packaged) -> RulePack:
    from pytest_veeam_iam.rulepacks.schema import parse

    data = _folder().joinpath(pack.file_name).read_bytes()
    return _with_digest(parse(data.decode("utf-8"), _shown(pack.file_name), file_name=pack.file_name), data)


def _read_file(path: str) -> RulePack:
    from pathlib import Path

    from pytest_veeam_iam.rulepacks.schema import parse

    shown = Path(path).as_posix()
    try:
        data = Path(path).read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        packs = _one_of(str(each) for each in _packaged())
        raise RulePackError([f"{shown}: {why}; name a .toml file that exists, or use {packs}"]) from error
    except UnicodeDecodeError as error:
        raise RulePackError([f"{shown}: not UTF-8 at byte {error.start}; save it as UTF-8"]) from error
    return _with_digest(parse(text, shown), data)


def _with_digest(pack: RulePack, data: bytes) -> RulePack:
    from hashlib import sha256

    return replace(pack, sha256=sha256(data).hexdigest())


def _shown(file_name: str) -> str:
    return f"pytest_veeam_iam/rulepacks/{file_name}"


def _named(name: str, things: tuple[_Named, ...], what: str, pack: str) -> _Named:
    for thing in things:
        if thing.id == name:
            return thing
    ids = [thing.id for thing in things]
    near = did_you_mean(name, ids)
    message = f'"{name}" is not {what} of rule pack {pack}{near}; use {_one_of(ids)}'
    raise TargetError(message)


def _one_of(names: Iterable[str]) -> str:
    names = list(names)
    return f"one of {', '.join(names)}" if len(names) > 1 else "".join(names) or "a pack that has one"
