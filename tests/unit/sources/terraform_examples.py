"""The examples of Terraform sources: a module per case, and what its files are expected to hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_veeam_iam.sources import files, terraform
from pytest_veeam_iam.sources.found import Bindings, Reading
from tests.examples_runner import EXAMPLES, EXPECTED, summaries

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_veeam_iam.sources.found import Found

FORM = EXAMPLES / "terraform"


def cases() -> list[Path]:
    return sorted(path for path in FORM.iterdir() if path.is_dir())


def sources(case: Path) -> list[Path]:
    """The configuration files of the module itself, without those of the modules that it calls."""
    return sorted(path for path in case.iterdir() if path.name.endswith((".tf", ".tf.json")))


def found_in(path: Path, root: Path, bind: dict[str, str] | None = None) -> list[Found]:
    name = path.relative_to(root).as_posix()
    text = files.read_text(path, name=name)
    return terraform.read(text, Reading(Bindings(bind or {}), path, name, root))


def described(case: Path) -> dict[str, Any]:
    """What each file holds; the buckets that the module makes stand beside, as they are the same for all."""
    found = {path.name: found_in(path, case) for path in sources(case)}
    buckets = {symbol: name for documents in found.values() for each in documents for symbol, name in each.buckets}
    held: dict[str, Any] = {name: summaries(documents) for name, documents in found.items() if documents}
    return {**held, "buckets": buckets} if buckets else held


def expected(case: Path) -> Any:
    return json.loads((case / EXPECTED).read_text("utf-8"))


def module_of(tmp_path: Path, **texts: str) -> Path:
    """Write files, ``__`` for a dot and ``--`` for a slash in their names; return the first one's path."""
    paths = [tmp_path / name.replace("__", ".").replace("--", "/") for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return paths[0]
