"""On what it was measured: the date, the machine and the versions, and nothing that names the machine."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path

from benchmarks import simulator


def described(node_modules: Path | None) -> str:
    """Return a line for everything that a ratio may hang on."""
    lines = [
        f"date: {time.strftime('%Y-%m-%d', time.gmtime())}",
        f"machine: {os.cpu_count()} cores, {_memory()}, {_processor()}, {platform.system()}",
        f"Python: {platform.python_implementation()} {platform.python_version()}",
        *(f"{name}: {_version(name)}" for name in ("pytest-veeam-iam", "pytest", "parliament")),
    ]
    if node_modules is not None:
        lines += [f"{simulator.PACKAGE}: {simulator.version(node_modules)}", f"node: {_node()}"]
    return "\n".join(lines)


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return "unknown memory"
    return f"{size / 2**30:.0f} GiB of memory"


def _processor() -> str:
    """Return the model of the processor, where the system has words for it."""
    information = Path("/proc/cpuinfo")
    text = information.read_text("utf-8") if information.is_file() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _node() -> str:
    node = shutil.which("node") or "node"
    done = subprocess.run([node, "--version"], capture_output=True, check=True, text=True)  # noqa: S603 - node itself
    return done.stdout.strip()
