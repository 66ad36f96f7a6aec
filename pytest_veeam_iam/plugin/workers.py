"""What the controller of xdist tells its workers, so that all of them collect what it chose; plain values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.errors import TargetError, TeamFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

_TOLD = "veeam_iam"
_COLLECTED = "veeam_iam_collected"
_IN_VAIN = "veeam_iam_in_vain"
_PASSED_OVER = "veeam_iam_passed_over"


def tell(node: Any, selection: dict[str, Any]) -> None:
    """Tell a worker what to visit, beyond what was typed, and what to look at there."""
    node.workerinput[_TOLD] = {"arguments": list(node.config.args), "selection": selection}


def tell_error(node: Any, error: Exception) -> None:
    """Tell a worker why nothing can be checked."""
    node.workerinput[_TOLD] = {"error": str(error), "file": getattr(error, "file", None)}


def is_worker(config: pytest.Config) -> bool:
    """Return whether this is a worker of xdist."""
    return hasattr(config, "workerinput")


def is_idle(config: pytest.Config) -> bool:
    """Return whether this is a worker whose controller has nothing to check."""
    return _TOLD not in getattr(config, "workerinput", {_TOLD: None})


def told(config: pytest.Config) -> dict[str, Any] | None:
    """Return the selection that the controller made, whose arguments now are those of this worker; None elsewhere.

    Raises:
        TargetError: If the controller could not make one.
    """
    if not hasattr(config, "workerinput"):
        return None
    said: dict[str, Any] = config.workerinput[_TOLD]
    if "error" in said:
        raise TeamFileError(said["file"], said["error"].split("\n")) if said["file"] else TargetError(said["error"])
    config.args[:] = said["arguments"]
    selection: dict[str, Any] = said["selection"]
    return selection


def report(config: pytest.Config, count: int, in_vain: str, passed_over: Mapping[str, list[str]]) -> bool:
    """Report how many items a worker found, and what it found besides; return False where this is no worker.

    Args:
        config: pytest's.
        count: How many.
        in_vain: What was bound in vain.
        passed_over: What is not checked by itself.
    """
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output |= {_COLLECTED: count, _IN_VAIN: in_vain, _PASSED_OVER: dict(passed_over)}
    return output is not None


def reported_count(node: Any) -> int:
    """Return how many items a worker found."""
    count: int = getattr(node, "workeroutput", {}).get(_COLLECTED, 0)
    return count


def reported_in_vain(node: Any) -> str:
    """Return what a worker says was bound in vain."""
    in_vain: str = getattr(node, "workeroutput", {}).get(_IN_VAIN, "")
    return in_vain


def reported_passed_over(node: Any) -> dict[str, list[str]]:
    """Return what a worker says is not checked by itself."""
    passed_over: dict[str, list[str]] = getattr(node, "workeroutput", {}).get(_PASSED_OVER, {})
    return passed_over
