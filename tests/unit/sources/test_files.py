"""Bytes to text and directories to files: nothing outside, nothing endless, nothing that is not text."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from pytest_veeam_iam.errors import PolicyLoadError
from pytest_veeam_iam.sources import files
from pytest_veeam_iam.sources.files import Skipped, Walk, inside, read_text, walk

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


def write(path: Path, data: bytes = b"{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def refusal(path: Path, limit: int = files.DEFAULT_LIMIT) -> str:
    with pytest.raises(PolicyLoadError) as caught:
        read_text(path, name="a/p.json", limit=limit)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"{}", "{}"),
        (b"a\r\nb\rc\n", "a\r\nb\rc\n"),
        ("\u00e9\U0001f600".encode(), "\u00e9\U0001f600"),
        (b"\xef\xbb\xbf{}", "{}"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "\ufeff{}"),
        (b"\xff\xfe" + "{\u00e9\U0001f600}\r\n".encode("utf-16-le"), "{\u00e9\U0001f600}\r\n"),
        (b"\xfe\xff" + "{\u00e9\U0001f600}".encode("utf-16-be"), "{\u00e9\U0001f600}"),
    ],
)
def test_a_file_is_read_as_utf_8_or_as_utf_16_with_its_mark(tmp_path: Path, data: bytes, text: str) -> None:
    source = read_text(write(tmp_path / "p.json", data), name="a/p.json")
    assert (source.path, source.text) == ("a/p.json", text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":\n "caf\xe9"}', "a/p.json:2:6: found the byte 0xE9, expected a whole character of UTF-8"),
        (
            "\u00e9\r\n\u00e9".encode() + b"\xff",
            "a/p.json:2:2: found the byte 0xFF, expected a whole character of UTF-8",
        ),
        (b"\xef\xbb\xbf\xc3", "a/p.json:1:1: found the byte 0xC3, expected a whole character of UTF-8"),
        (b"\xed\xa0\x80", "a/p.json:1:1: found the byte 0xED, expected a whole character of UTF-8"),
        (b"\xff\xfe{\0}", "a/p.json:1:2: found the byte 0x7D, expected a whole character of UTF-16"),
        (b"\xfe\xff\0{\xd8\0\0}", "a/p.json:1:2: found the byte 0xD8, expected a whole character of UTF-16"),
        (b"\xff\xfe\0\0{\0\0\0", "a/p.json:1:1: found UTF-32, expected UTF-8"),
        (b"{\0}\0", "a/p.json:1:2: found U+0000 (NUL), expected text"),
        (b"\x7fELF\n\0", "a/p.json:2:1: found U+0000 (NUL), expected text"),
    ],
)
def test_bytes_that_are_not_text_are_refused_at_the_first_of_them(tmp_path: Path, data: bytes, message: str) -> None:
    assert refusal(write(tmp_path / "p.json", data)) == f"{message}; save it as UTF-8"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    message = "a/p.json: there is no such file; check how its name is written"
    assert refusal(tmp_path / "p.json") == message
    assert refusal(tmp_path / "no" / "p.json") == message


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "p\0.json").startswith("a/p.json: the system cannot open it: ")
    assert refusal(tmp_path / ("p" * 5000)).startswith("a/p.json: ")
    assert refusal(write(tmp_path / "file") / "p.json").startswith("a/p.json: ")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "p.json")

    def refuse(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    message = "a/p.json: this user is not permitted to read it; give the user that runs the tests read access"
    assert refusal(path) == message


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="this user may read everything")
def test_the_permissions_of_a_file_are_respected(tmp_path: Path) -> None:
    path = write(tmp_path / "p.json")
    path.chmod(0)
    assert refusal(path).startswith("a/p.json: this user is not permitted to read it")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    message = "a/p.json: found a directory, expected a regular file; name a file that holds the text"
    assert refusal(tmp_path) == message


@needs_pipes
def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.json")
    message = "a/p.json: found a named pipe, expected a regular file; name a file that holds the text"
    assert refusal(tmp_path / "p.json") == message


@needs_pipes
def test_a_file_that_becomes_a_named_pipe_is_refused_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real_open = write(tmp_path / "p.json"), os.open

    def swap(path: Path, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real_open(path, flags)

    monkeypatch.setattr(os, "open", swap)
    assert refusal(path).startswith("a/p.json: found a named pipe, expected a regular file")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
def test_a_device_is_refused() -> None:
    assert refusal(Path("/dev/zero")).startswith("a/p.json: found a device, expected a regular file")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no sockets in the file system")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert refusal(Path("s")).startswith("a/p.json: found a socket, expected a regular file")


def test_a_file_larger_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.json", b"x" * 10_000)
    assert read_text(path, name="a/p.json", limit=10_000).text == "x" * 10_000
    remedy = "leave it out, or split it"
    assert refusal(path, 9_999) == f"a/p.json: found 10,000 bytes, expected at most 9,999 bytes; {remedy}"
    with path.open("r+b") as file:
        file.truncate(10 * files.MIB + 1)
    assert refusal(path) == f"a/p.json: found 10,485,761 bytes, expected at most 10 MiB; {remedy}"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "p.json", b"x" * 101)
    monkeypatch.setattr(files, "_check", lambda *_: None)
    assert refusal(path, 100) == "a/p.json: found more, expected at most 100 bytes; leave it out, or split it"


@needs_links
def test_a_link_that_the_user_names_is_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write(tmp_path / "p.json"))
    assert read_text(tmp_path / "link", name="a/p.json").text == "{}"


@needs_links
def test_links_that_lead_to_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refusal(tmp_path / "a").startswith("a/p.json: the system cannot open it: ")
    assert not inside(tmp_path, tmp_path / "a")


def test_only_regular_files_below_the_root_are_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, path = tmp_path / "root", write(tmp_path / "root" / "a" / "p.json")
    outside = write(tmp_path / "rooted" / "p.json")
    assert inside(root, path)
    assert inside(root, root / "a" / ".." / "a" / "p.json")
    assert inside(root / "a", path)
    assert not inside(root, outside)
    assert not inside(root, root / ".." / "rooted" / "p.json")
    assert not inside(root, root)
    assert not inside(root, root / "a")
    assert not inside(root, root / "a" / "none.json")
    assert not inside(root, root / "a\0")
    assert not inside(tmp_path / "none", path)
    monkeypatch.chdir(root)
    assert inside(Path(), Path("a/p.json"))
    assert inside(Path(), path)
    assert not inside(Path("a"), Path("../rooted/p.json"))


@needs_links
def test_nothing_behind_a_link_is_inside_even_if_it_leads_back(tmp_path: Path) -> None:
    root, path = tmp_path / "root", write(tmp_path / "root" / "a" / "p.json")
    secret = write(tmp_path / "secret")
    (root / "file-in").symlink_to(path)
    (root / "file-out").symlink_to(secret)
    (root / "dir-in").symlink_to(root / "a")
    (root / "dir-out").symlink_to(tmp_path)
    (root / "a" / "up").symlink_to(root)
    assert not inside(root, root / "a" / "up" / "a" / "p.json")
    assert not inside(root / ".." / "root", root / "a" / "up" / "a" / "p.json")
    assert not inside(root, root / "file-in")
    assert not inside(root, root / "file-out")
    assert not inside(root, root / "dir-in" / "p.json")
    assert not inside(root, root / "dir-out" / "secret")
    assert not inside(root, root / "dir-out" / "root" / "a" / "p.json" / ".." / "p.json")


@needs_links
def test_the_root_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    path = write(tmp_path / "root" / "p.json")
    (tmp_path / "link").symlink_to(tmp_path / "root")
    assert inside(tmp_path / "link", tmp_path / "link" / "p.json")
    assert inside(tmp_path / "link", path)
    assert inside(tmp_path / "root", tmp_path / "link" / "p.json")


@needs_pipes
def test_a_named_pipe_is_not_inside(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not inside(tmp_path, tmp_path / "pipe")


def test_a_walk_lists_files_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ["a.d", "a/b/c", "a/z", "b", "B/x", "z"]:
        write(tmp_path / name)
    found = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path).files]
    assert found == ["B/x", "a/b/c", "a/z", "a.d", "b", "z"]


def test_a_walk_does_not_enter_what_holds_no_sources_and_says_so(tmp_path: Path) -> None:
    for name in [".git", ".terraform", "node_modules", ".venv", "venv", "__pycache__", "vendored", "Vendored", "a"]:
        write(tmp_path / "m" / name / "p.json")
    write(tmp_path / "m" / "vendor.json")
    assert walk(tmp_path, skip=["vend*"]) == Walk(
        files=tuple(tmp_path / "m" / name for name in ["Vendored/p.json", "a/p.json", "vendor.json"]),
        skipped=(
            Skipped(tmp_path / "m" / ".git", "directories named .git are not searched"),
            Skipped(tmp_path / "m" / ".terraform", "directories named .terraform are not searched"),
            Skipped(tmp_path / "m" / ".venv", "directories named .venv are not searched"),
            Skipped(tmp_path / "m" / "__pycache__", "directories named __pycache__ are not searched"),
            Skipped(tmp_path / "m" / "node_modules", "directories named node_modules are not searched"),
            Skipped(tmp_path / "m" / "vendored", 'its name matches "vend*"'),
            Skipped(tmp_path / "m" / "venv", "directories named venv are not searched"),
        ),
    )


def test_a_walk_begins_paths_as_its_root_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a" / "p.json")
    write(tmp_path / "a" / ".git")
    monkeypatch.chdir(tmp_path)
    assert walk(Path("a")).files == (Path("a/.git"), Path("a/p.json"))
    assert walk(Path()).files == (Path("a/.git"), Path("a/p.json"))


@needs_links
@needs_pipes
def test_a_walk_follows_no_link_and_lists_no_pipe(tmp_path: Path) -> None:
    root, path = tmp_path / "root", write(tmp_path / "root" / "p.json")
    (root / "a-file").symlink_to(path)
    (root / "b-dir").symlink_to(tmp_path)
    (root / "c-gone").symlink_to(tmp_path / "none")
    os.mkfifo(root / "d-pipe")
    assert walk(root) == Walk(
        files=(path,),
        skipped=(
            Skipped(root / "a-file", "it is a link"),
            Skipped(root / "b-dir", "it is a link"),
            Skipped(root / "c-gone", "it is a link"),
            Skipped(root / "d-pipe", "it is a named pipe"),
        ),
    )
    (tmp_path / "link").symlink_to(root)
    assert walk(tmp_path / "link").files == (tmp_path / "link" / "p.json",)


def test_a_directory_that_cannot_be_listed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, closed, real_scan = write(tmp_path / "p.json"), write(tmp_path / "closed" / "p.json").parent, os.scandir

    def scan(directory: Path) -> object:
        if directory == closed:
            raise PermissionError(13, "Permission denied", str(directory))
        return real_scan(directory)

    monkeypatch.setattr(os, "scandir", scan)
    assert walk(tmp_path) == Walk((path,), (Skipped(closed, "this user is not permitted to read it", unreadable=True),))


def test_a_walk_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyLoadError, match=r"/none: there is no such file; check how its name is written$"):
        walk(tmp_path / "none")
    with pytest.raises(PolicyLoadError, match=r"/p\.json: the system cannot open it: "):
        walk(write(tmp_path / "p.json"))
