"""The operator's commands: the doctor, and each process of the platform by itself."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
import orjson

from cli.help import CommandGroup
from deploy.nodes import GethNode, KuboNode, NodeFailed, is_in_use
from deploy.nodes.process import stop_orphan
from deploy.processes import WebProgram, become
from deploy.settings import Settings, SettingsInvalid, find_unknown, read_settings
from deploy.wiring import ledger_settings, node_settings

if TYPE_CHECKING:
    from deploy.doctor import Check

READY_WITHIN_S = 60.0
POLL_S = 0.1
NODES = ("kubo", "geth")
CORRECT = "Correct its name, or remove it; docs/guide/settings.md lists all"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check this machine and the installation; each problem has a remedy.

    Nothing is started or changed. Exit code 0: no problem; 1: at least one.
    """
    from deploy.doctor import examine, problem, warning  # web and nodes start sooner without it

    unknown = [warning("settings", each, CORRECT) for each in find_unknown(os.environ)]
    checks: tuple[Check, ...] = (*unknown,)
    try:
        settings = read_settings(os.environ)
        checks += examine(settings, node_settings(settings), time.time())
    except SettingsInvalid as exc:
        checks += (problem("settings", str(exc), "Correct the setting"),)
    has_problem = any(check.status == "problem" for check in checks)
    if as_json:
        document = {"ok": not has_problem, "checks": [asdict(check) for check in checks]}
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(map(_line, checks)))
    context.exit(int(has_problem))


def _line(check: Check) -> str:
    line = f"{check.status:<8} {check.code:<13} {check.value}"
    return f"{line}\n{'':<23}{check.remedy}" if check.remedy else line


@click.command()
def web() -> None:
    """Serve the pages and the API, on nodes that run already."""
    settings = read_settings(os.environ)
    become(WebProgram(settings, os.environ).prepare())


@click.group(cls=CommandGroup)
def node() -> None:
    """Run one node by itself, for systemd or containers (see docs/operations.md)."""


@node.command()
@click.argument("name", type=click.Choice(NODES))
def run(name: str) -> None:
    """Prepare the data and configuration of a node, and become it."""
    settings = read_settings(os.environ)
    if is_in_use(settings.home):
        raise NodeFailed(f"another process runs the nodes of {settings.home}. Stop it first")
    program = _make(name, settings)
    stop_orphan(program.folder / "pid.json")
    become(program.prepare())


@node.command()
@click.argument("name", type=click.Choice(NODES))
@click.option("--pid", type=int, required=True, help="The node's process.")
def ready(name: str, pid: int) -> None:
    """Wait until a node answers and is private; other processes then find it."""
    program = _make(name, read_settings(os.environ))
    program.attach()
    until_s = time.monotonic() + READY_WITHIN_S
    while not program.answers(pid):
        if time.monotonic() > until_s:
            raise NodeFailed(f"{name} did not answer within {READY_WITHIN_S:.0f} s. Read its log")
        time.sleep(POLL_S)


def _make(name: str, settings: Settings) -> KuboNode | GethNode:
    def report(line: str) -> None:
        click.echo(line, err=True)

    if name == "kubo":
        return node_settings(settings).make_kubo(report)
    # Only geth needs the relayer: its genesis gives that account its money.
    return node_settings(settings, ledger_settings(settings).founder()).make_geth(report)
