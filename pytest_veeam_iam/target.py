"""What requirements are checked against: bucket, prefix, region, account and partition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pytest_veeam_iam.errors import TargetError

ANY = "*"
_SHOWN = 63
"""Characters of a bucket's name in a summary: AWS allows no more in a new one."""

BUCKET = r"[A-Za-z0-9._*?-]{1,255}"
"""What a bucket's name, or a pattern of names, looks like; the oldest buckets have up to 255 characters."""

SYMBOL = r"(?:tf|cfn):[A-Za-z_][^?/\s]{0,500}"
"""What a bucket looks like that a template makes, under the name that the template has for it."""

_FORMS = {
    "bucket": rf"{BUCKET}|{SYMBOL}",
    "region": r"[a-z]{2,}(-[a-z0-9]+)+|\*",
    "account": r"[0-9]{12}|\*",
    "partition": r"aws(-[a-z]+)*",
}
_WRITE = {
    "bucket": "the name alone, for example acme-veeam, not an ARN or a path; or as a template names it, for example "
    "tf:aws_s3_bucket.repo or cfn:RepoBucket",
    "region": "a region's code, for example eu-central-1",
    "account": "the 12 digits, as a string in quotes",
    "partition": "aws, aws-cn, aws-us-gov or another of AWS's partitions",
    "prefix": "the folder's name as a string, for example Veeam/Backup365/acme",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A place to back up to; what is None is not named and may be inferred.

    Attributes:
        buckets: Names that must all be covered, or patterns of names.
        prefix: Of the object keys, ending in ``/``, or empty for every object.
        region: For example ``eu-central-1``.
        account: 12 digits.
        partition: For example ``aws``.
        inferred: The parameters that were not given but found in the policies.
    """

    buckets: tuple[str, ...] | None = None
    prefix: str = ""
    region: str | None = None
    account: str | None = None
    partition: str = "aws"
    inferred: frozenset[str] = frozenset()

    @property
    def symbols(self) -> frozenset[str]:
        """Those of its buckets that are named as a template names them."""
        return frozenset(name for name in self.buckets or () if re.fullmatch(SYMBOL, name))

    def expand(self, template: str) -> tuple[str, ...]:
        """Return the resources of a rule pack's template for this target, one for each bucket if it has one."""
        buckets = (self.buckets or (ANY,)) if "{bucket}" in template else (ANY,)
        region, account = self.region or ANY, self.account or ANY
        return tuple(
            template.format(partition=self.partition, bucket=bucket, prefix=self.prefix, region=region, account=account)
            for bucket in buckets
        )

    def origin(self, name: str, value: object) -> Literal["given", "inferred", "any"]:
        """Return where a parameter's value comes from."""
        if value in (None, ANY, (ANY,), "", ()):
            return "any"
        return "inferred" if name in self.inferred else "given"

    @property
    def place(self) -> str:
        """The bucket or buckets, in words."""
        buckets = self.buckets or (ANY,)
        if buckets == (ANY,):
            return "any bucket"
        names = [name if len(name) <= _SHOWN else f"{name[: _SHOWN - 3]}..." for name in buckets[:2]]
        return ", ".join(names) + (" ..." if len(buckets) > 2 else "")


def target_of(
    *,
    bucket: str | Iterable[str] | None = None,
    prefix: str | None = None,
    region: str | None = None,
    account: str | None = None,
    partition: str = "aws",
) -> Target:
    """Return the target that the arguments name.

    Args:
        bucket: A name, or several that must all be covered.
        prefix: Of the object keys; a leading slash is dropped, a trailing one added.
        region: One region.
        account: 12 digits.
        partition: For example ``aws-cn``.

    Raises:
        TargetError: For a value that cannot be what it stands for.
    """
    for name, value in (("region", region), ("account", account), ("partition", partition)):
        if value is not None:
            _check(name, value)
    return Target(_buckets(bucket), _folder(prefix), region, account, partition)


def _buckets(bucket: object) -> tuple[str, ...] | None:
    if bucket is None:
        return None
    names = list(bucket) if isinstance(bucket, Iterable) and not isinstance(bucket, str) else [bucket]
    if not names:
        raise TargetError("bucket is an empty list; name at least one, or leave it out to have it inferred")
    return tuple(dict.fromkeys(_check("bucket", name) for name in names))


def _folder(prefix: object) -> str:
    if not isinstance(prefix, str | None):
        raise TargetError(f"prefix {prefix!r}: write {_WRITE['prefix']}")
    folder = (prefix or "").lstrip("/")
    if re.search(r"[*?]|\$\{", folder):
        raise TargetError(
            f'prefix "{prefix}" holds a wildcard or variable; write the folder as it is named in the bucket'
        )
    return folder if not folder or folder.endswith("/") else f"{folder}/"


def _check(name: str, value: object) -> str:
    if isinstance(value, str) and re.fullmatch(_FORMS[name], value):
        return value
    raise TargetError(f'{name} "{value}": write {_WRITE[name]}')
