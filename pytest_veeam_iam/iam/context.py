"""What is known of the request: it decides which condition keys a caller is taken to send, and knows no operator.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from pytest_veeam_iam.errors import TargetError


class Presence(Enum):
    """What is known of a key whose values are not."""

    ABSENT = "the request does not have it"
    PRESENT = "the request has it, with a value that is not known and not empty"
    UNKNOWN = "whether the request has it is not known"


Known: TypeAlias = "tuple[str, ...] | Presence"
"""The values of a key (none: it is there and empty), or what is known instead."""

_LONG_TERM_CREDENTIALS: dict[str, Known] = {
    "aws:multifactorauthpresent": Presence.ABSENT,
    "aws:multifactorauthage": Presence.ABSENT,
    "aws:tokenissuetime": Presence.ABSENT,
    "aws:username": Presence.PRESENT,
}
"""Of a caller with access keys; those of a role or session may have them or not."""

_EVERY_CALLER: dict[str, Known] = {
    "aws:securetransport": ("true",),
    "aws:principalarn": Presence.PRESENT,
    "aws:principalaccount": Presence.PRESENT,
    "aws:principaltype": Presence.PRESENT,
    "aws:userid": Presence.PRESENT,
}

_PRINCIPAL_TYPES = {
    ("iam", "user"): "User",
    ("iam", "role"): "AssumedRole",
    ("iam", "root"): "Account",
    ("sts", "assumed-role"): "AssumedRole",
    ("sts", "federated-user"): "FederatedUser",
}
"""aws:PrincipalType by service and kind of the principal's ARN.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
"""

_SERVICE_KEYS = ("s3:", "ec2:")
"""Only an action whose catalogue entry lists such a key has it."""

_WITHOUT_RESOURCE_ACCOUNT = frozenset(
    {
        "ec2:acceptvpcpeeringconnection",
        "ec2:copyfpgaimage",
        "ec2:copyimage",
        "ec2:copysnapshot",
        "ec2:createvolume",
        "ec2:createvpcendpoint",
        "ec2:createvpcpeeringconnection",
        "ec2:deletevpcpeeringconnection",
        "ec2:rejectvpcpeeringconnection",
    }
)
"""AWS: these do not support aws:ResourceAccount.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
"""


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What is known of the condition keys of a request.

    Attributes:
        keys: By lower-cased name; AWS ignores the case of key names.
        complete: Whether ``keys`` is all there is, so that any other key is absent.
        declared: The lower-cased names that the user gave; nothing that is derived replaces them.
        region: The region that is called, or None.
        account: The account whose resources are meant, or None.
        keys_of: Which keys a request for an action (in any case) on a resource has; None is all of them.
        chosen: For some keys with several values, the one that is taken where one is.
    """

    keys: Mapping[str, Known]
    complete: bool = False
    declared: frozenset[str] = field(default_factory=frozenset)
    region: str | None = None
    account: str | None = None
    keys_of: Callable[[str, str], Collection[str]] | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    _requests: dict[tuple[bool, bool, bool], Context] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        context: Mapping[str, object] | None = None,
        *,
        complete: bool = False,
        principal: str | None = None,
        session: bool = False,
        region: str | None = None,
        account: str | None = None,
        keys_of: Callable[[str, str], Collection[str]] | None = None,
    ) -> Context:
        """Return the declared caller: what the user says, over what holds for every caller of this kind.

        Args:
            context: Condition key to value; a sequence holds the set of values, or the alternatives under an operator
                for one value. None is a key that is absent, an empty sequence one that is there and empty.
            complete: Take ``context`` for the whole request: no default caller, and any other key is absent.
            principal: The ARN of the user, role or session that calls; None is a user with access keys.
            session: Whether session policies are given, so that the credentials are temporary.
            region: The region that is called; see ``for_request``.
            account: The account whose resources are meant; see ``for_request``.
            keys_of: What the catalogue lists for an action on a resource; asked if ``s3:`` or ``ec2:`` keys are given.

        Returns:
            The context of any request; ``for_request`` adds what one action and resource tell.

        Raises:
            TargetError: For a value that no request can have; the message says what is possible.
        """
        given = _declared(context)
        if complete:
            return cls(given, complete=True)
        keys: dict[str, Known] = {**_LONG_TERM_CREDENTIALS, **_EVERY_CALLER}
        if account:
            keys["aws:principalaccount"] = (account,)
        if principal:
            keys |= _principal_keys(principal)
        if session or (principal and not _is_user(principal)):
            keys |= dict.fromkeys(_LONG_TERM_CREDENTIALS, Presence.UNKNOWN)
        if session and principal and _is_user(principal):
            # GetFederationToken: the policies of a user then apply to arn:aws:sts::...:federated-user/...
            keys |= dict.fromkeys(("aws:principalarn", "aws:principaltype"), Presence.PRESENT)
        has_service_keys = any(key.startswith(_SERVICE_KEYS) for key in given)
        return cls(
            keys | given,
            declared=frozenset(given),
            region=region,
            account=account,
            keys_of=keys_of if has_service_keys else None,
        )

    def lookup(self, key: str) -> Known:
        """Return the values of ``key``, or what is known instead; the case of its name does not matter."""
        return self.keys.get(key.lower(), Presence.ABSENT if self.complete else Presence.UNKNOWN)

    def lookup_one(self, key: str) -> Known:
        """Return what ``lookup`` does, where one value is taken: the one that was chosen, if one was."""
        name = key.lower()
        return (self.chosen[name],) if name in self.chosen else self.lookup(name)

    def values_of(self, key: str) -> tuple[str, ...]:
        """Return the known values of ``key``, none if they are not known."""
        known = self.lookup(key)
        return known if isinstance(known, tuple) else ()

    def choosing(self, values: Mapping[str, str]) -> Context:
        """Return the context with one value for each of some keys, where one is taken."""
        return replace(self, chosen={**self.chosen, **values})

    def for_request(self, action: str, resource: str = "*") -> Context:
        """Return the context of one action on one resource: region and account tell more there.

        Args:
            action: For example ``ec2:RunInstances``, in any case.
            resource: Its ARN or the pattern of it; ``*`` where the action has no resource type.

        Returns:
            This context with ``aws:RequestedRegion`` (not for the global ``s3:ListAllMyBuckets``), ``ec2:Region`` for
            the actions of EC2, and ``aws:ResourceAccount`` unless the resource may belong to somebody else: AWS's
            ARNs of buckets, objects, images, snapshots and public parameters name no account.
        """
        if self.keys_of is not None:
            listed = self.listing(self.keys_of(action, resource))
            return replace(listed, keys_of=None).for_request(action, resource)
        if self.region is None and self.account is None:
            return self
        name = action.lower()
        is_regional, is_own = name != "s3:listallmybuckets", self.account is not None and _is_own(name, resource)
        kind = is_regional, is_regional and name.startswith("ec2:"), is_own
        if kind not in self._requests:  # few kinds; an answer about a context is remembered by its identity
            self._requests[kind] = self._with(*kind)
        return self._requests[kind]

    def _with(self, is_regional: bool, is_ec2: bool, is_own: bool) -> Context:  # noqa: FBT001 - only ever from a kind
        more: dict[str, Known] = {}
        if self.region and is_regional:
            more["aws:requestedregion"] = (self.region,)
        if self.region and is_ec2:
            more["ec2:region"] = (self.region,)
        if self.account and is_own:
            more["aws:resourceaccount"] = (self.account,)
        fresh = {key: value for key, value in more.items() if key not in self.declared}
        return replace(self, keys={**self.keys, **fresh}) if fresh else self

    def listing(self, keys: Collection[str]) -> Context:
        """Return the context without the ``s3:`` and ``ec2:`` keys that are not among ``keys``.

        Args:
            keys: What the catalogue lists for the action; ``s3:ExistingObjectTag/<key>`` stands for every such tag.

        Returns:
            This context; a key that the action does not have is as unknown as if it had not been declared.
        """
        listed = {key.lower().partition("/")[0] for key in keys}
        kept = {
            key: value
            for key, value in self.keys.items()
            if not key.startswith(_SERVICE_KEYS) or key.partition("/")[0] in listed
        }
        return self if len(kept) == len(self.keys) else replace(self, keys=kept)


def _is_own(action: str, resource: str) -> bool:
    if action.startswith("s3:") or action in _WITHOUT_RESOURCE_ACCOUNT:
        return False
    fields = resource.split(":", 5)
    return resource == "*" or (len(fields) > 5 and bool(fields[4]))


def _is_user(principal: str) -> bool:
    return principal.split(":", 5)[-1].startswith("user/")


def _principal_keys(principal: str) -> dict[str, Known]:
    """Return what the ARN of a principal tells.

    AWS: aws:PrincipalArn is the role's ARN also in a session of it, but the session's ARN leaves out the role's path.
    """
    fields = principal.split(":", 5)
    _, _, service, _, account, resource = fields if len(fields) > 5 and fields[0] == "arn" else [""] * 6
    kind, _, name = resource.partition("/")
    type_ = _PRINCIPAL_TYPES.get((service, kind))
    if type_ is None or not account or bool(name) is (kind == "root"):
        message = (
            f'principal "{principal}" is not the ARN of a user, a role or a session; '
            "write for example arn:aws:iam::111122223333:user/veeam"
        )
        raise TargetError(message)
    keys: dict[str, Known] = {
        "aws:principaltype": (type_,),
        "aws:principalarn": Presence.PRESENT if kind == "assumed-role" else (principal,),
        "aws:principalaccount": (account,),
    }
    return keys | {"aws:username": (name.rpartition("/")[2],)} if kind == "user" else keys


def _declared(context: Mapping[str, object] | None) -> dict[str, Known]:
    if context is not None and not isinstance(context, Mapping):
        message = f"context is a {type(context).__name__}; it maps condition keys to their values"
        raise TargetError(message)
    result: dict[str, Known] = {}
    for key, value in (context or {}).items():
        name = _key(key)
        if name in result:
            message = f'context names "{key}" twice; the case of a key does not matter, so give it once'
            raise TargetError(message)
        result[name] = _known(key, value)
    return result


def _key(key: object) -> str:
    if isinstance(key, str) and key:
        return key.lower()
    message = f"context key {key!r} is not the name of a condition key; write for example aws:SourceIp"
    raise TargetError(message)


def _known(key: str, value: object) -> Known:
    if isinstance(value, Presence):
        return value
    if value is None:
        return Presence.ABSENT
    if isinstance(value, list | tuple):
        return tuple(_text(key, item) for item in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted(_text(key, item) for item in value))
    return (_text(key, value),)


def _text(key: str, value: object) -> str:
    """Return the text that JSON would have for ``value``."""
    import json

    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        with suppress(ValueError):  # infinity, not a number, or thousands of digits
            return json.dumps(value, allow_nan=False)
    message = (
        f'context value of "{key}" is a {type(value).__name__} that no request can have; '
        "possible are a string, a number, true or false, a list of these, or None for a key that is absent"
    )
    raise TargetError(message)
