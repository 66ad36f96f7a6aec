"""The command ``veeam-iam``: it reads arguments, prints answers and sets exit codes, and decides nothing else.

Exit codes: 0 all is well, 1 something falls short, 2 the command was not understood or could not be carried out.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

NAME = "veeam-iam"
MISUSED = 2

_COMMANDS = {
    "check": "say whether policies are ready for Veeam",
    "generate": "write a least-privilege policy",
    "explain": "say what an action is for, and who needs it",
    "packs": "list the rule packs",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit.

    Args:
        arguments: Those behind the name of the command; None for those of this process.
    """
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what goes wrong is one line on standard error."""
    import click

    from pytest_veeam_iam.errors import VeeamIamError

    try:
        code = command().main(arguments, prog_name=NAME, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _refuse(error.format_message())
    except VeeamIamError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}")
    except click.Abort:
        return _refuse("interrupted")


def _refuse(what: str) -> int:
    import click

    click.echo(f"{NAME}: {what}", err=True)
    return MISUSED


def command() -> click.Group:
    """Return the command with its subcommands, each of which is imported when it is used."""
    import click

    class Commands(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
            return list(_COMMANDS)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
            if cmd_name not in _COMMANDS:
                return None
            found: click.Command = import_module(f"{__name__}.{cmd_name}").command
            return found

    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
    @click.version_option(package_name="pytest-veeam-iam", prog_name=NAME)
    def root() -> None:
        """Check, write and explain AWS IAM policies for Veeam."""

    return root
