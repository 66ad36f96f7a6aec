"""What the user asked for: options from the command line, the environment and the ini file become settings.

It knows which options there are, which source wins and where ``veeam-iam.toml`` is looked for; it knows neither pytest
nor what the options do. Every run imports it, and a named tuple is made in a tenth of the time of a dataclass.
"""

from __future__ import annotations

import os.path
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from pytest_veeam_iam.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Value: TypeAlias = "str | bool | Sequence[str] | None"
Kind: TypeAlias = Literal["text", "list", "switch"]

_TRUE = ("1", "on", "true", "yes")
_FALSE = ("0", "false", "no", "off")


class Option(NamedTuple):
    """One option: flag ``--veeam-iam-NAME``, ini key ``veeam_iam_NAME``, environment variable ``VEEAM_IAM_NAME``.

    Attributes:
        name: With hyphens; empty for ``--veeam-iam`` itself.
        kind: A text; a list, whose flag can be repeated; or a switch.
        help: What it does, for ``--help`` and the README.
        metavar: What stands for its value in ``--help``.
        choices: What it can be, if that is all there is.
    """

    name: str
    kind: Kind
    help: str
    metavar: str = "VALUE"
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """As on the command line."""
        return f"--veeam-iam-{self.name}" if self.name else "--veeam-iam"

    @property
    def key(self) -> str:
        """As in the ini file, and as an attribute."""
        return self.flag[2:].replace("-", "_")

    @property
    def variable(self) -> str:
        """As in the environment."""
        return self.key.upper()


OPTIONS = (
    Option("", "switch", "collect IAM policy files as test items"),
    Option("policies", "list", "files or globs to check where no path is given", "GLOB"),
    Option("match", "list", "words in a path or Sid by which discovery takes a policy (veeam, vb365, vbo365)", "WORD"),
    Option("pack", "text", "rule pack: vb365-s3 for the newest version, vb365-s3@8.3 for exactly that one", "PACK"),
    Option("profile", "text", "named selection of the pack's groups", "PROFILE"),
    Option("groups", "list", "groups of the pack instead of a profile", "GROUP"),
    Option("bucket", "list", "bucket that must be covered; inferred if not named", "NAME"),
    Option("prefix", "text", "folder of the repository in the bucket", "FOLDER"),
    Option("region", "text", "region of the archiver appliance; inferred if not named", "REGION"),
    Option("account", "text", "the account's 12 digits; inferred if not named", "DIGITS"),
    Option("partition", "text", "aws, aws-cn, aws-us-gov, ...", "PARTITION"),
    Option("scenario", "text", "backup or backup-copy; it decides about storage classes, not permissions", "NAME"),
    Option("storage-class", "text", "storage class of the bucket", "CLASS"),
    Option("context", "list", "what every request of the product is known to carry", "KEY=VALUE"),
    Option("together", "switch", "all policies are attached to one principal"),
    Option("bind", "list", "value of what a template leaves open, for example var.bucket=acme-veeam", "NAME=VALUE"),
    Option("bind-file", "list", "tfvars or CloudFormation parameter file with such values", "FILE"),
    Option(
        "assume-defaults",
        "text",
        "whether a variable or parameter that nobody gave has its declared default (default true)",
        "BOOL",
        ("true", "false"),
    ),
    Option(
        "unresolved",
        "text",
        "what an item does that cannot tell without a value: fail (default), skip, or pass and warn",
        "WHAT",
        ("fail", "skip", "warn"),
    ),
    Option("fail-on", "text", "severity from which findings count", "SEVERITY", ("error", "warning")),
    Option(
        "excess",
        "text",
        "how grave it is to grant more than is needed (default warning)",
        "SEVERITY",
        ("error", "warning", "off"),
    ),
    Option(
        "list-buckets-on-s3-arn",
        "text",
        "whether arn:aws:s3:::* grants s3:ListAllMyBuckets, as the vendor's example has it (default true)",
        "BOOL",
        ("true", "false"),
    ),
    Option(
        "lint",
        "text",
        "arbitrated leaves out what is known to be wrong; all shows notes and the linter's raw findings as well",
        "LEVEL",
        ("arbitrated", "all"),
    ),
    Option("only", "switch", "collect nothing but policies"),
    Option("config", "text", "file of targets and waivers; veeam-iam.toml is looked for if not named", "FILE"),
    Option("no-waivers", "switch", "show every gap as if it were not waived"),
    Option("as-of", "text", "day on which waivers are looked at; today (UTC) if not named", "DATE"),
    Option("report", "list", "report to write: FORMAT:PATH, or a path whose suffix is the format; - prints it", "PATH"),
    Option("init", "switch", "write a veeam-iam.toml for the policies found, and check nothing"),
    Option("accept-until", "text", "with init: waive every gap of today until then", "DATE"),
    Option("accepted-by", "text", "with init: who answers for these waivers", "NAME"),
)

TEAM_FILE = "veeam-iam.toml"
"""What a team writes its targets into."""

DEFAULT_PACK = "vb365-s3"

DISCOVERY_WORDS = ("veeam", "vb365", "vbo365")
DISCOVERY_MOST = 10
"""Policies that are checked where none says that it is about Veeam."""


class Settings(NamedTuple):
    """The options, resolved.

    Attributes:
        is_typed: Whether ``--veeam-iam`` stands on the command line, so that the user can be told of a mistake at once.
        is_active: Whether an option asks for policies; a ``veeam-iam.toml`` asks for its targets without one.
        policies: Files or globs, may be empty.
        match: The words of discovery.
        pack: A rule pack, None if none was named.
        target: The arguments of ``check_veeam_backup_ready`` that were set.
        together: Whether all policies belong to one principal.
        only: Whether nothing else is collected.
        lint: Which findings are shown: ``arbitrated`` or ``all``.
        bind: Expression of a template -> value.
        bind_files: Files with such values; those that stand on their own win.
        assume_defaults: Whether declared defaults are used.
        unresolved: What an item does that hangs on unknown values: ``fail``, ``skip`` or ``warn``.
        no_waivers: Whether waivers count for nothing.
        as_of: The day on which they are looked at, None for today.
        accept_until: The last day of the waivers that ``init`` writes, None if it writes none.
        accepted_by: Who answers for them.
        report: The reports to write.
        config: The file of targets and waivers, None to look for it.
    """

    is_typed: bool
    is_active: bool
    policies: tuple[str, ...]
    match: tuple[str, ...]
    pack: str | None
    target: Mapping[str, object]
    together: bool
    only: bool
    lint: str
    bind: Mapping[str, str]
    bind_files: tuple[str, ...]
    assume_defaults: bool
    unresolved: str
    no_waivers: bool
    as_of: date | None
    accept_until: date | None
    accepted_by: str | None
    report: tuple[str, ...]
    config: str | None

    @property
    def arguments(self) -> dict[str, object]:
        """The arguments of ``check_veeam_backup_ready`` that were set, the pack among them."""
        return {**({"pack": self.pack} if self.pack else {}), **self.target}


class Layers:
    """The sources of options, the strongest first.

    Args:
        command_line: Option -> its value there, None if it was not typed.
        environment: The environment variables.
        ini: Option -> its value there, None or empty if it is not set.
    """

    def __init__(
        self,
        command_line: Callable[[Option], Value],
        environment: Mapping[str, str],
        ini: Callable[[Option], Value],
    ) -> None:
        self._sources: tuple[tuple[Callable[[Option], str], Callable[[Option], Value]], ...] = (
            (lambda option: option.flag, command_line),
            (lambda option: option.variable, lambda option: environment.get(option.variable)),
            (lambda option: option.key, ini),
        )

    @property
    def is_active(self) -> bool:
        """Whether policies are collected: the strongest source decides that switches it, or names policies."""
        return bool(self._asked)

    @property
    def is_off(self) -> bool:
        """Whether a source switches it off, so that no ``veeam-iam.toml`` is looked for."""
        return self._asked is False

    @property
    def _asked(self) -> bool | None:
        for asked, policies in zip(self.values(""), self.values("policies"), strict=True):
            if asked is not None or policies:
                return asked is not False
        return None

    def values(self, name: str) -> list[Value]:
        """Return what each source says of an option, None where it says nothing."""
        option = _option(name)
        return [_clean(option, place(option), read(option)) for place, read in self._sources]

    def places(self, name: str) -> list[str]:
        """Return what each source calls an option: its flag, its variable, its key."""
        option = _option(name)
        return [place(option) for place, _ in self._sources]

    def place(self, name: str) -> str:
        """Return what the strongest source that says anything calls the option."""
        said = zip(self.places(name), self.values(name), strict=True)
        return next((place for place, value in said if value is not None), _option(name).flag)

    def value(self, name: str) -> Value:
        """Return what the strongest source says that says anything."""
        return next((value for value in self.values(name) if value is not None), None)

    def text(self, name: str) -> str | None:
        """Return the value of a text option."""
        value = self.value(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the values of a list option."""
        value = self.value(name)
        return tuple(value) if isinstance(value, list | tuple) else ()

    def switch(self, name: str) -> bool:
        """Return the value of a switch."""
        return bool(self.value(name))


def _option(name: str) -> Option:
    return next(option for option in OPTIONS if option.name == name)


def _clean(option: Option, place: str, value: Value) -> Value:
    """Return what was read as a value of the option's kind, None if it says nothing."""
    if value is None or value == "" or value == []:
        return None
    if option.kind == "switch":
        return _boolean(place, value)
    if option.kind == "list":
        return tuple(_split(value) if isinstance(value, str) else [str(each) for each in value])  # type: ignore[union-attr]
    text = str(value).strip()
    if option.choices and text not in option.choices:
        raise TargetError(f"{place}={text}: write {' or '.join(option.choices)}")
    return text


def _split(text: str) -> Iterable[str]:
    """Split an environment variable or a one-line ini value at commas and white space."""
    return text.replace(",", " ").split()


def _boolean(place: str, value: Value) -> bool:
    """Return a switch; off is a value, which a weaker source cannot change."""
    text = str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise TargetError(f'{place}={value}: write "true" or "false"')
    return text in _TRUE


def resolve(layers: Layers) -> Settings:
    """Return the settings.

    Raises:
        TargetError: For a value that an option cannot have.
    """
    command_line, *_ = layers.values("")
    return Settings(
        is_typed=bool(command_line),
        is_active=layers.is_active,
        policies=layers.texts("policies"),
        match=layers.texts("match") or DISCOVERY_WORDS,
        pack=layers.text("pack"),
        target=_target(layers),
        together=layers.switch("together"),
        only=layers.switch("only"),
        lint=layers.text("lint") or "arbitrated",
        bind=_bind(layers),
        bind_files=layers.texts("bind-file"),
        assume_defaults=layers.text("assume-defaults") != "false",
        unresolved=layers.text("unresolved") or "fail",
        no_waivers=layers.switch("no-waivers"),
        as_of=_day(layers, "as-of"),
        accept_until=_day(layers, "accept-until"),
        accepted_by=layers.text("accepted-by"),
        report=layers.texts("report"),
        config=layers.text("config"),
    )


def _day(layers: Layers, name: str) -> date | None:
    text = layers.text(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) == len("2027-01-31") else _no_day(layers.place(name), text)
    except ValueError:
        return _no_day(layers.place(name), text)


def _no_day(place: str, text: str) -> date:
    raise TargetError(f"{place}={text}: write a date, for example 2027-01-31")


def override(target: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    """Return a target with some keys replaced; groups of a higher layer replace a profile of a lower one, and back."""
    other = {"profile": "groups", "groups": "profile"}
    replaced = {other[name] for name in more if name in other} - set(more)
    return {**{key: value for key, value in target.items() if key not in replaced}, **more}


def find_team_file(start: str) -> str | None:
    """Return the nearest ``veeam-iam.toml``, or ``pyproject.toml`` that stands for it, up to the first ``.git``.

    Every run asks, so that nothing is read but a ``pyproject.toml``, and that is parsed only if it speaks of us.

    Args:
        start: An absolute directory.

    Raises:
        TargetError: If a directory has both.
    """
    folder = start
    while True:
        own, project = os.path.join(folder, TEAM_FILE), os.path.join(folder, "pyproject.toml")  # noqa: PTH118
        has_own, has_project = os.path.isfile(own), _has_table(project)  # noqa: PTH113
        if has_own and has_project:
            raise TargetError(f"{own} and [tool.veeam-iam] in pyproject.toml are both there; move one into the other")
        if has_own or has_project:
            return own if has_own else project
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder or os.path.exists(os.path.join(folder, ".git")):  # noqa: PTH110, PTH118
            return None
        folder = above


def _has_table(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read()
    except OSError:
        return False
    if b"tool.veeam-iam" not in data:
        return False
    import tomllib

    try:
        return "veeam-iam" in tomllib.loads(data.decode()).get("tool", {})
    except ValueError:  # pytest says so itself
        return False


def _bind(layers: Layers) -> dict[str, str]:
    """Return what is bound in any source; where two bind the same, the stronger one wins."""
    bound: dict[str, str] = {}
    for place, value in zip(layers.places("bind"), layers.values("bind"), strict=True):
        for pair in value if isinstance(value, tuple) else ():
            name, equals, text = pair.partition("=")
            if not equals or not name:
                raise TargetError(f"{place}={pair}: write NAME=VALUE, for example var.bucket=acme-veeam")
            bound.setdefault(name, text)
    return bound


def _target(layers: Layers) -> dict[str, object]:
    target: dict[str, object] = dict(_selection(layers))
    for name in ("prefix", "region", "account", "partition", "scenario", "storage-class", "fail-on", "excess"):
        if (text := layers.text(name)) is not None:
            target[name.replace("-", "_")] = text
    if buckets := layers.texts("bucket"):
        target["bucket"] = buckets
    if pairs := layers.texts("context"):
        target["context"] = _context(layers.place("context"), pairs)
    if (text := layers.text("list-buckets-on-s3-arn")) is not None:
        target["list_buckets_on_s3_arn"] = text == "true"
    return target


def _selection(layers: Layers) -> dict[str, object]:
    """Return profile or groups, whichever the strongest source names that names one; both in one are a mistake."""
    places = zip(layers.places("profile"), layers.places("groups"), strict=True)
    for (one, other), profile, groups in zip(places, layers.values("profile"), layers.values("groups"), strict=True):
        if profile and groups:
            raise TargetError(f"{one} and {other} are both set; a profile is itself a selection of groups")
        if profile:
            return {"profile": profile}
        if groups:
            return {"groups": groups}
    return {}


def _context(place: str, pairs: Sequence[str]) -> dict[str, list[str]]:
    context: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise TargetError(f"{place}={pair}: write KEY=VALUE, for example aws:SourceIp=10.1.2.3")
        context.setdefault(key, []).append(value)
    return context
