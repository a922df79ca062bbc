"""`portrait proof`: school-based study handed in with a proof: list, see, save the file, confirm, return. Decisions are in the audit."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.errors import InputError
from portrait.offline import decide, proof_file
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.claim import STATES, Claim, claim_of, claims


class State(StrEnum):
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    ALL = "all"


Id = Annotated[int, typer.Argument(metavar="编号", help="申报的编号， 见 portrait proof list")]
Ids = Annotated[list[int], typer.Argument(metavar="编号", help="申报的编号， 见 portrait proof list")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="校本研修的申报和证明材料：列出、查看、取出、确认、退回", no_args_is_help=True)
    app.add_typer(group, name="proof")

    @group.command(name="list", epilog="例：portrait proof list --state submitted")
    def list_(
        state: Annotated[
            State,
            typer.Option(
                help="submitted 待确认， confirmed 已确认， returned 已退回， withdrawn 已撤回， all 全部"
            ),
        ] = State.SUBMITTED,
        limit: Annotated[int, typer.Option(min=1, help="最多列多少条")] = 100,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出申报：谁的、什么活动、几学时、什么证明、到了哪一步。"""
        wanted = "" if state is State.ALL else state.value
        found = claims(site_of(home).registry, None, state=wanted, limit=limit)
        if as_json:
            print_json([_row(one) for one in found])
            return
        print_table(
            f"申报 {len(found)} 条",
            ["#编号", "教师", "学校", "活动", "日期", "#学时", "证明", "状态", "处理"],
            [
                (
                    one.id,
                    escape(one.person),
                    escape(one.school),
                    escape(one.title),
                    str(one.day),
                    f"{one.hours:g}",
                    escape(one.proof.name) if one.proof else "",
                    STATES[one.state],
                    escape(f"{one.decided_by} {one.reason}".strip()),
                )
                for one in found
            ],
        )

    @group.command(epilog="例：portrait proof show 12 --save 证明.pdf")
    def show(
        id: Id,
        save: Annotated[Path | None, typer.Option(help="把证明材料存成这个文件")] = None,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """看一条申报；--save 取出证明材料。"""
        site = site_of(home)
        one = claim_of(site.registry, None, id)
        if save is not None:
            _, proof, path = proof_file(site, None, id)
            try:
                shutil.copyfile(path, save)
            except OSError as error:
                raise InputError(
                    "{path}：写不了：{error}", path=save, error=error.strerror or error
                ) from error
            _note(site, "open-proof", one, proof.name)
        if as_json:
            print_json(_row(one))
            return
        for name, value in _row(one).items():
            stdout().print(f"{name}：{escape(str(value if value is not None else ''))}", soft_wrap=True)

    @group.command(epilog="例：portrait proof confirm 12 13")
    def confirm(ids: Ids, home: Home = None) -> None:
        """确认：随即作为核验过的记录入库，计入学时；portrait refresh 以后进入画像。"""
        _decide(site_of(home), ids, "confirmed", "")

    @group.command(name="return", epilog="例：portrait proof return 12 --reason 照片看不清")
    def return_(
        ids: Ids,
        reason: Annotated[str, typer.Option(help="为什么退回， 教师会看到")],
        home: Home = None,
    ) -> None:
        """退回，写明原因；教师可以另交一次。"""
        _decide(site_of(home), ids, "returned", reason)


def _decide(site: Site, ids: list[int], state: str, reason: str) -> None:
    done = decide(site, None, ids, state, reason, by=operator())
    for one in done:
        _note(site, "confirm" if state == "confirmed" else "return", one, reason)
    stdout().print(f"{STATES[state]} {len(done)} 条")


def _note(site: Site, action: str, one: Claim, reason: str) -> None:
    add_audit(
        site.registry, now=now(), actor=operator(), action=action, object=f"claim:{one.id}", reason=reason
    )


def _row(one: Claim) -> dict[str, object]:
    return {
        "id": one.id,
        "person": one.person_key,
        "name": one.person,
        "school": one.school,
        "kind": one.kind,
        "title": one.title,
        "day": one.day,
        "hours": one.hours,
        "proof": one.proof.name if one.proof else None,
        "content": one.proof.content if one.proof else None,
        "state": one.state,
        "by": one.by,
        "at": one.at,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "reason": one.reason,
    }
