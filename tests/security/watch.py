"""Runs a program and writes down what Python's audit events tell of it: ``watch.py LOG -m MODULE ARGUMENT...``.

It is a script that imports nothing of this project, so that all of the program is seen. What native code does by itself
raises no audit event.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

NETWORK = ("ftplib.", "http.", "smtplib.", "socket.", "urllib.", "webbrowser.")
TOLD_OF = ("ctypes.dlopen", "exec", "import", "open", "os.", "pty.", "shutil.", "sqlite3.", "subprocess.", *NETWORK)
"""What the names of the events begin with that are written down."""


def main(log: str, flag: str, program: str, arguments: list[str]) -> None:
    """Watch a module (``-m``) or a file (``-f``)."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    seen: list[tuple[str, list[Any]]] = []

    def plain(value: object) -> object:
        code = getattr(value, "co_filename", None)
        if code is not None:
            return code
        return os.fsdecode(value) if isinstance(value, bytes | os.PathLike) else value

    def hook(event: str, values: tuple[Any, ...]) -> None:
        if event in ("os.mkdir", "os.remove", "os.rmdir") and values[-1] >= 0 and Path("/proc/self/fd").exists():
            values = (Path(f"/proc/self/fd/{values[-1]}").readlink() / os.fsdecode(values[0]),)
        if event.startswith(TOLD_OF):
            seen.append((event, [plain(each) for each in values[:3]]))

    def tell() -> None:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            for event, values in seen.copy():
                file.write(json.dumps([event, values], default=repr) + "\n")

    atexit.register(tell)
    sys.argv = [program, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(Path.cwd() if flag == "-m" else Path(program).parent)  # as Python itself does
    sys.addaudithook(hook)
    if flag == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
