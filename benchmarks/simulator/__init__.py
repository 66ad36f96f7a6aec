"""Talks to @cloud-copilot/iam-simulate, a program of its own that runs under node and is installed somewhere else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

VARIABLE = "VEEAM_IAM_BENCH_NODE_MODULES"
"""The environment variable that names a node_modules folder."""

PACKAGE = "@cloud-copilot/iam-simulate"
_DRIVER = Path(__file__).with_name("simulator.mjs")


def installed() -> Path | None:
    """Return the node_modules folder that VARIABLE names, if the simulator is in it and node is there."""
    folder = Path(os.environ.get(VARIABLE) or "there-is-none")
    return folder.resolve() if shutil.which("node") and (folder / PACKAGE).is_dir() else None


def install(folder: Path) -> Path | None:
    """Install the simulator into a folder with npm and return its node_modules; None if npm is not there or fails."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    arguments = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), PACKAGE]
    done = subprocess.run(arguments, capture_output=True, check=False)  # noqa: S603 - npm, with our own arguments
    return folder / "node_modules" if done.returncode == 0 else None


def version(node_modules: Path) -> str:
    """Return the version of the simulator."""
    found: str = json.loads((node_modules / PACKAGE / "package.json").read_text("utf-8"))["version"]
    return found


class Simulator:
    """A running simulator; use it in a ``with`` statement."""

    def __init__(self, node_modules: Path) -> None:
        node = shutil.which("node") or "node"
        self._process = subprocess.Popen(  # noqa: S603 - node, with our own driver
            [node, str(_DRIVER), str(node_modules)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()

    def decide(self, cases: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return the simulator's answer to every case; the driver says what a case is."""
        answers: list[str] = self._ask({"decide": cases})["answers"]
        return answers

    def load(self, cases: Sequence[Mapping[str, Any]]) -> None:
        """Keep cases to be timed, their policies parsed and their requests built."""
        self._ask({"load": cases})

    def seconds(self, iterations: int) -> float:
        """Return what one pass over the loaded cases takes in the simulator's core, the mean of some iterations."""
        return float(self._ask({"time": iterations})["seconds"])

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - for the type checker
        assert stdout is not None  # noqa: S101
        stdin.write(json.dumps(command) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            message = f"the simulator stopped with exit code {self._process.wait()}"
            raise RuntimeError(message)
        answer: dict[str, Any] = json.loads(line)
        return answer
