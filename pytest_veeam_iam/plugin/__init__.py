"""pytest's side: options, marker and fixtures; a run that checks policies registers the hooks of ``run`` or ``broken``.

Every run of every user imports this module, so nothing heavy may be imported at its top, and without being asked it
collects nothing, prints nothing and imports no engine.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_veeam_iam.config import DEFAULT_PACK, OPTIONS, Layers, Option, find_team_file, resolve
from pytest_veeam_iam.errors import TargetError, VeeamIamError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_veeam_iam.config import Settings
    from pytest_veeam_iam.iam.document import Policy
    from pytest_veeam_iam.plugin.targets import CaseSubject
    from pytest_veeam_iam.report import Report
    from pytest_veeam_iam.rulepacks import RulePack
    from pytest_veeam_iam.teamfile import TeamFile

_INI_TYPES = {"text": "string", "list": "linelist", "switch": "string"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every option as a flag and an ini key."""
    group = parser.getgroup("veeam-iam", "IAM policies for Veeam")
    for option in OPTIONS:
        how: dict[str, Any] = {"dest": option.key, "default": None, "help": option.help}
        if option.kind == "switch":
            how["action"] = "store_true"
        else:
            how |= {"action": "append" if option.kind == "list" else "store", "metavar": option.metavar}
        if option.choices:
            how["choices"] = option.choices
        group.addoption(option.flag, **how)
        parser.addini(option.key, option.help, type=_INI_TYPES[option.kind], default=None)  # type: ignore[arg-type]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Write a first ``veeam-iam.toml`` if that is asked for, instead of running tests."""
    if config.getoption("help", default=False) or not _is_init(config):
        return None
    from pytest_veeam_iam.plugin.init import init

    layers = _layers(config)
    try:
        init(config, layers, resolve(layers))
    except VeeamIamError as error:
        raise pytest.UsageError(str(error)) from error
    return 0


def _is_init(config: pytest.Config) -> bool:
    """Return whether a file is to be written; a value that is neither yes nor no is refused later."""
    try:
        return _layers(config).switch("init")
    except VeeamIamError:
        return False


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and, if policies are asked for, the hooks that check them."""
    config.addinivalue_line(
        "markers", 'veeam_iam(target="NAME", **keys): a test of IAM policies; the target of its veeam_check'
    )
    for name in ("accept-until", "accepted-by"):
        if config.getoption(f"veeam_iam_{name.replace('-', '_')}"):
            raise pytest.UsageError(f"--veeam-iam-{name} is for --veeam-iam-init, which writes waivers; add it")
    try:
        layers = _layers(config)
        layers.switch("init")
        team = _team(config, layers)
        if layers.is_active or (team is not None and _is_asked_for(config, team)):
            from pytest_veeam_iam.plugin.run import Run

            config.pluginmanager.register(Run.start(config, resolve(layers), team), Run.NAME)
        elif config.getoption("veeam_iam_report"):
            raise TargetError("--veeam-iam-report: no policies are asked for; add --veeam-iam")
    except VeeamIamError as error:
        _refuse(config, error)


def _layers(config: pytest.Config) -> Layers:
    def typed(option: Option) -> Any:
        return config.getoption(option.key)

    def ini(option: Option) -> Any:
        return config.getini(option.key)

    return Layers(typed, os.environ, ini)


def _team(config: pytest.Config, layers: Layers) -> TeamFile | None:
    """Return what the team has written down, or None; where there is nothing, nothing is imported."""
    if layers.is_off or not (layers.text("config") or find_team_file(str(config.rootpath))):
        return None
    from pytest_veeam_iam.plugin.team import team_file

    return team_file(config, layers.text("config"))


def _is_asked_for(config: pytest.Config, team: TeamFile) -> bool:
    """Return whether targets are checked; a worker of xdist does what its controller does."""
    from pytest_veeam_iam.plugin.team import is_asked_for
    from pytest_veeam_iam.plugin.workers import is_idle, is_worker

    return not is_idle(config) if is_worker(config) else is_asked_for(config, team)


def _settings(config: pytest.Config) -> Settings:
    return resolve(_layers(config))


def _refuse(config: pytest.Config, error: VeeamIamError) -> None:
    """Stop a run for which policies or a report were typed; else one item says it, so that other tests still run."""
    if config.getoption("veeam_iam") or config.getoption("veeam_iam_report"):
        raise pytest.UsageError(str(error)) from error
    from pytest_veeam_iam.plugin.broken import BrokenRun

    config.pluginmanager.register(BrokenRun(config, error), BrokenRun.NAME)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the short summary of any failing test begin with what falls short, not with the name of an exception."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if call.excinfo and isinstance(call.excinfo.value, VeeamIamError) and crash is not None:
        crash.message = str(call.excinfo.value).partition("\n")[0]
    return report


@pytest.fixture(scope="session")
def veeam_rulepack(pytestconfig: pytest.Config) -> RulePack:
    """The configured rule pack."""
    from pytest_veeam_iam.rulepacks import load_rulepack

    return load_rulepack(_settings(pytestconfig).pack or DEFAULT_PACK)


@pytest.fixture(scope="session")
def veeam_policies(pytestconfig: pytest.Config) -> tuple[Policy, ...]:
    """The configured policies, those of the targets, or those that discovery finds; at least one."""
    from pytest_veeam_iam.plugin.checking import policies

    __tracebackhide__ = True
    found = [policy for _, policy in policies(pytestconfig, _settings(pytestconfig))]
    for each in found:
        if isinstance(each, VeeamIamError):
            raise each
    return tuple(found)  # type: ignore[arg-type]


@pytest.fixture
def veeam_policy(request: pytest.FixtureRequest) -> Policy:
    """One of ``veeam_policies``: the test runs once for each."""
    __tracebackhide__ = True
    param: Policy | VeeamIamError = request.param
    if isinstance(param, VeeamIamError):
        raise param
    return param


@pytest.fixture
def veeam_target(request: pytest.FixtureRequest) -> CaseSubject:
    """A target of ``veeam-iam.toml``: that of the marker, or the test runs once for each.

    Attributes are ``name``, ``policies`` and ``report``.
    """
    from pytest_veeam_iam.plugin.checking import subject

    __tracebackhide__ = True
    param: CaseSubject | VeeamIamError | str = request.param
    if isinstance(param, VeeamIamError):
        raise param
    return subject(request.config, _settings(request.config), param) if isinstance(param, str) else param


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants ``veeam_policy`` or ``veeam_target`` once for each; what cannot be read fails."""
    if "veeam_policy" in metafunc.fixturenames:
        from pytest_veeam_iam.plugin.checking import policies

        try:
            ids, values = zip(*policies(metafunc.config, _settings(metafunc.config)), strict=True)
        except VeeamIamError as error:
            ids, values = ("no-policy",), (error,)
        metafunc.parametrize("veeam_policy", list(values), ids=list(ids), indirect=True)
    if "veeam_target" in metafunc.fixturenames and not _is_parametrized(metafunc, "veeam_target"):
        from pytest_veeam_iam.plugin.checking import marked, subjects

        try:
            name = marked([*metafunc.definition.iter_markers("veeam_iam")]).get("target")
            found = subjects(metafunc.config, _settings(metafunc.config), name)
        except VeeamIamError as error:
            metafunc.parametrize("veeam_target", [error], ids=["no-target"], indirect=True)
        else:
            metafunc.parametrize("veeam_target", found, ids=[each.name for each in found], indirect=True)


def _is_parametrized(metafunc: pytest.Metafunc, name: str) -> bool:
    """Return whether a test says itself which values an argument has."""
    arguments = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize") if mark.args]
    return any(name in (each.replace(",", " ").split() if isinstance(each, str) else each) for each in arguments)


@pytest.fixture
def veeam_check(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """``check_veeam_backup_ready`` with the configured target and that of the marker; explicit arguments win.

    Without a policy it checks those of the target that the marker or ``veeam_target`` names.
    """
    from pytest_veeam_iam.plugin.checking import Check, marked

    __tracebackhide__ = True
    mark = marked([*request.node.iter_markers("veeam_iam")])
    chosen = request.getfixturevalue("veeam_target") if "veeam_target" in request.fixturenames else None
    return Check(request.config, _settings(request.config), mark, chosen)
