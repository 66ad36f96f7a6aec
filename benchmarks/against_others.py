"""The rows against the tools that users have today: parliament, and the simulator of the same 45 as point requests."""

from __future__ import annotations

import json
import sys
import warnings
from functools import partial
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any

from benchmarks.documents import generated, ordinary
from benchmarks.measure import Timed, side_by_side
from benchmarks.ours import Ours
from benchmarks.simulator import Simulator
from benchmarks.table import Row, duration, faster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SAMPLE = 20
"""Generated policies that stand for all of them where the other tool is slow."""

WARM = 5
"""Generated policies that are asked again and again: no more than the package keeps compiled."""

PASSES = 10
"""Iterations of the simulator in a round."""


def parliament_rows(how_many: int) -> Iterator[Row]:
    """Yield what parliament's analysis of a document takes beside our 45 permissions, and beside our whole report."""
    analyze = _parliament()
    if analyze is None:
        yield Row("45 permissions: engine", "all documents", theirs="parliament is not installed")
        return
    for document in ordinary():
        ours, theirs = Ours(document), partial(analyze, document.text)
        pair = side_by_side(ours.engine, theirs, rounds=31)
        yield Row(
            "45 permissions, warm: engine",
            document.name,
            duration(pair.ours),
            f"{duration(pair.theirs)} parliament",
            faster(pair),
        )
    documents = list(islice(generated(how_many), SAMPLE))
    theirs = partial(_for_all, lambda document: analyze(document.text), documents)
    pair = side_by_side(partial(_for_all, lambda document: Ours(document).engine(), documents), theirs, rounds=9)
    over = f"{SAMPLE} of {how_many:,} generated policies"
    yield Row(
        "text to 45 permissions: engine", over, duration(pair.ours), f"{duration(pair.theirs)} parliament", faster(pair)
    )


def _for_all(task: Callable[[Any], object], subjects: Iterable[object]) -> None:
    for subject in subjects:
        task(subject)


def _parliament() -> Callable[[str], Any] | None:
    """Return parliament's analysis of a text, or None if it is not installed."""
    stand_in = ModuleType("pkg_resources")  # it needs one function of a module that newer Pythons do not have
    stand_in.resource_filename = _resource_filename  # type: ignore[attr-defined]
    has_stand_in = sys.modules.setdefault("pkg_resources", stand_in) is stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from parliament import analyze_policy_string  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        return None
    finally:
        if has_stand_in:
            del sys.modules["pkg_resources"]
    return partial(analyze_policy_string, ignore_private_auditors=True)


def _resource_filename(package: str, name: str) -> str:
    from importlib.resources import files

    return str(files(package) / name)


def simulator_rows(node_modules: Path | None, how_many: int) -> Iterator[Row]:
    """Yield what the simulator's core takes for the same 45 as point requests, policies parsed and requests built."""
    if node_modules is None:
        yield Row("45 permissions: engine", "all documents", theirs="iam-simulate is not installed")
        return
    few = list(islice(generated(how_many), WARM))
    subjects = [(document.name, [document]) for document in ordinary()]
    for name, documents in [*subjects, (f"{WARM} of {how_many:,} generated policies", few)]:
        with Simulator(node_modules) as simulator:
            ours = [Ours(document) for document in documents]
            simulator.load([case for each in ours for case in _point_requests(each)])
            simulator.seconds(10 * PASSES)
            theirs = Timed(partial(simulator.seconds, PASSES))
            pair = side_by_side(partial(_for_all, Ours.engine, ours), theirs, rounds=61)
        target = "20 x faster" if documents == [subjects[0][1][0]] else ""
        took = f"{duration(pair.theirs)} iam-simulate"
        yield Row("45 permissions, warm: engine", name, duration(pair.ours), took, faster(pair), target)


def _point_requests(ours: Ours) -> list[dict[str, Any]]:
    """Return one request for every permission: on one resource of the first kind that it needs."""
    document = json.loads(ours.document.text)
    context = {"aws:SecureTransport": "true", "aws:RequestedRegion": "eu-central-1"}
    return [
        {
            "policies": [document],
            "action": permission.action,
            "resource": _one_of(permission.resources[0]),
            "context": context,
        }
        for permission in ours.permissions
    ]


def _one_of(pattern: str) -> str:
    """Return a resource that a pattern denotes."""
    if pattern == "*":
        return pattern
    *fields, name = pattern.split(":", 5)
    for index, value in ((3, "eu-central-1"), (4, "111122223333")):
        fields[index] = fields[index].replace("*", value)
    return ":".join([*fields, name.replace("*", "acme-veeam", 1).replace("*", "0123456789abcdef0")])
