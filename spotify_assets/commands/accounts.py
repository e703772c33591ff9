"""``accounts``: who may see the pages, and who may decide about comments."""

import sys
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, answering, settings_or_stop, stop
from spotify_assets.commands.terminal import out, show_table
from spotify_assets.pages.accounts import Accounts, Role

app = typer.Typer(help="Who may see the pages.", no_args_is_help=True, add_completion=False)
Chosen = Annotated[
    Role, typer.Option("--role", help="reader sees the pages; curator decides about comments too.")
]


@app.command("list")
def listed() -> None:
    """Show the accounts."""
    rows = [(one.name, one.role.value, f"{one.created_at:%Y-%m-%d}") for one in _open().listed()]
    if not rows:
        out.print("There is no account yet: spotify-assets accounts add NAME")
        return
    show_table("Accounts", ["name", "role", "since"], rows)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the person signs in with.")],
    role: Chosen = Role.reader,
    from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
    ] = False,
) -> None:
    """Make an account. The password is asked for, and stored as a hash alone."""
    accounts = _open()
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        with answering():
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        stop("Nobody is there to type a password: use --password-stdin.", USAGE)
    accounts.add(name, password, role)
    out.print(f"{name} may sign in ({role.value}).", markup=False)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Delete an account; whoever is signed in with it is out at once."""
    _open().remove(name)
    out.print(f"{name} may sign in no more.", markup=False)


@app.command()
def invite(role: Chosen = Role.reader) -> None:
    """Print an address by which one person makes an account; it holds once, for a week."""
    token = _open().invite(role)
    out.print("Send this to one person (after the name of your server):", markup=False)
    out.print(f"/invitation/{token}", markup=False, soft_wrap=True)


def _open() -> Accounts:
    return Accounts(settings_or_stop(secrets=False).accounts_file)
