"""``python -m pytest_veeam_iam`` is the command ``veeam-iam``."""

from __future__ import annotations

import os
import sys

if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - not another module before the check
    del sys.path[0]  # a module of the directory that is checked is not to be taken for a library

from pytest_veeam_iam.cli import main

main()
