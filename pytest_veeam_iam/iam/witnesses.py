"""An example for people: a resource that looks like a real one and gets the very answer that it is an example of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.iam.globs import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.iam.authorization import Authorizer, Example
    from pytest_veeam_iam.iam.context import Context
    from pytest_veeam_iam.iam.verdicts import Verdict

_ARN_FIELDS = 6
_ACCOUNTS = ("111122223333", "444455556666")
"""AWS's own example accounts."""
_REGIONS = {
    "aws": ("us-east-1", "eu-central-1", "ap-southeast-2"),
    "aws-cn": ("cn-north-1",),
    "aws-us-gov": ("us-gov-west-1",),
}
_IDS = {
    "image": "ami", "instance": "i", "key-pair": "key", "launch-template": "lt", "network-interface": "eni",
    "placement-group": "pg", "security-group": "sg", "snapshot": "snap", "subnet": "subnet", "volume": "vol",
    "vpc": "vpc",
}  # fmt: skip
"""What the ids of EC2's resource types start with."""


def realistic(authorizer: Authorizer, action: str, context: Context, example: Example, verdict: Verdict) -> str:
    """Return an example that a reader knows as a resource: region, account and id are real ones where that holds too.

    Args:
        authorizer: Who is asked again for every change, so that the verdict is never another one.
        action: The action.
        context: What is known of any request.
        example: What a search found: a shortest text.
        verdict: The verdict that it is an example of.
    """
    want, text = example.asked.want, example.resource
    if want.is_literal or text.count(":") < _ARN_FIELDS - 1:
        return text
    for field, values in _lifelike(text):
        for value in values:
            changed = _with(text, field, value)
            if want.automaton.accepts_text(changed):
                found = authorizer.answer(action, [wanted(changed, literal=True)], context).found
                if list(found) == [verdict]:
                    text = changed
                    break
    return text


def _with(text: str, field: int, value: str) -> str:
    fields = text.split(":", _ARN_FIELDS - 1)
    fields[field] = value
    return ":".join(fields)


def _lifelike(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the fields of an ARN that can look more real, with the values to try, the best one first."""
    _, partition, service, region, account, resource = text.split(":", _ARN_FIELDS - 1)
    if region:
        yield 3, _REGIONS.get(partition, ())
    if account:
        yield 4, _ACCOUNTS
    kind, slash, _ = resource.partition("/")
    if service == "ec2" and slash and kind in _IDS:
        yield 5, (f"{kind}/{_IDS[kind]}-0123456789abcdef0",)
