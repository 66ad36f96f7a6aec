"""Importing parliament, which takes some care, and what its data says of a name."""

from __future__ import annotations

import sys
import warnings
from functools import cache, lru_cache
from threading import RLock
from types import ModuleType
from typing import Any

from pytest_veeam_iam.errors import VeeamIamError

lock = RLock()
"""Held while parliament is imported or asked: it keeps what it found in places that all its callers share."""


class CannotLintError(VeeamIamError):
    """parliament cannot be asked; the text says why."""


@cache
def parliament() -> Any:
    """Return the module; its import reads 10 MB and takes 0.2 s.

    parliament 1.6.4 imports pkg_resources for one function. That comes with setuptools, no longer with version 82 and
    never with a fresh Python 3.12, so that it finds a stand-in.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_filename = _resource_filename  # type: ignore[attr-defined]
    if sys.modules.get("pkg_resources") is None:
        sys.modules["pkg_resources"] = stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its escape sequences and open files would be errors under -W error
            import parliament as found
    except ImportError as error:
        raise CannotLintError(
            f"parliament cannot be imported ({words(error)}); install it: parliament>=1.6.4,<2"
        ) from error
    except Exception as error:
        raise CannotLintError(f"parliament cannot be imported ({words(error)}); install it again") from error
    finally:
        if sys.modules.get("pkg_resources") is stand_in:
            del sys.modules["pkg_resources"]
    return found


def _resource_filename(package: str, name: str) -> str:
    from importlib.resources import files

    return str(files(package) / name)


def words(error: Exception) -> str:
    """Return what an exception of parliament says, cut."""
    return f"{type(error).__name__}: {error}".rstrip(": ")[:300]


@lru_cache(maxsize=8192)
def actions_of(text: str) -> frozenset[str]:
    """Return the actions that parliament's data has for an Action entry; none for one that it does not know."""
    try:
        with lock:
            found = parliament().expand_action(text)
    except Exception:
        return frozenset()
    return frozenset(f"{each['service']}:{each['action']}" for each in found)
