"""The buckets that a module and those that it calls make, as a target names them, each with its name if known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_veeam_iam.errors import PolicyLoadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_veeam_iam.sources.terraform.module import Module
    from pytest_veeam_iam.sources.terraform.syntax import Block

_TYPE = "aws_s3_bucket"


def buckets_of(module: Module) -> tuple[tuple[str, str | None], ...]:
    """Return the buckets of a module and of those that it calls.

    Args:
        module: The module that is read first.
    """
    return tuple(_buckets(module))


def _buckets(module: Module) -> Iterator[tuple[str, str | None]]:
    for block in module.of_types(frozenset({_TYPE})):
        module.run.evaluator.budget.renew()
        yield from _instances(module, block)
    for name in module.called():
        for _, child in module.children(name):
            yield from _buckets(child)


def _instances(module: Module, block: Block) -> Iterator[tuple[str, str | None]]:
    symbol = f"tf:{module.prefix}{_TYPE}.{block.labels[1]}"
    try:
        for instance in module.instances(block):
            name = module.value(block, "bucket", instance.scope)
            known = name.value if name is not None and isinstance(name.value, str) else None
            yield f"{symbol}{instance.suffix}", known or None
    except PolicyLoadError:
        yield symbol, None
