"""`portrait user`: readers' accounts from the shell. Every change is in the audit."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import aware, now
from portrait.errors import InputError, NotFound
from portrait.login import add_linked, new_password
from portrait.scope import ROLE_ZH, Role
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.user import (
    find_user,
    list_users,
    locked_minutes,
    set_active,
    set_password,
    unlock,
)

Login = Annotated[str, typer.Argument(metavar="登录名", help="登录名")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码， 不给则随机生成")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="登录账号：增加、列出、改密码、解锁、停用", no_args_is_help=True)
    app.add_typer(group, name="user")

    @group.command(epilog="例：portrait user add wang --role teacher --name 王老师 --person HJ41010200001")
    def add(
        login: Login,
        role: Annotated[Role, typer.Option(help="角色： " + " ".join(ROLE_ZH[r] for r in Role))],
        name: Annotated[str, typer.Option(help="显示的姓名或单位名")] = "",
        person: Annotated[str, typer.Option(help="教师：继教编号")] = "",
        provider: Annotated[str, typer.Option(help="承训单位：机构代码")] = "",
        school: Annotated[str, typer.Option(help="学校：学校代码")] = "",
        office: Annotated[str, typer.Option(help="项目办： OFFICE_A OFFICE_B OFFICE_C ，不给则全省")] = "",
        region: Annotated[str, typer.Option(help="市县教育局：行政区划代码")] = "",
        stdin: FromStdin = False,
        home: Home = None,
    ) -> None:
        """增加一个账号。"""
        site = site_of(home, new=True, behind=True)
        password = read_password() if stdin else new_password(role, login)
        add_linked(
            site.registry,
            login,
            name or login,
            password,
            role,
            now=now(),
            person=person,
            provider=provider,
            school=school,
            office=office,
            region=region,
        )
        _audited(site, "user.add", login, reason=f"角色 {role.value}")
        _tell(f"账号 {login} 已增加", None if stdin else password)

    @group.command(name="list", epilog="例：portrait user list --json")
    def list_(home: Home = None, as_json: Json = False) -> None:
        """列出所有账号，密码除外。"""
        site = site_of(home, behind=True)
        moment = now()
        users = [
            {
                "login": row.login,
                "name": row.name,
                "role": row.role,
                "active": row.active,
                "locked_minutes": locked_minutes(site.registry, row.login, now=moment),
                "last_login": aware(row.last_login) if row.last_login else None,
            }
            for row in list_users(site.registry)
        ]
        if as_json:
            print_json(users)
        else:
            rows = [
                (
                    user["login"],
                    user["name"],
                    ROLE_ZH[Role(user["role"])],
                    user["active"],
                    user["locked_minutes"] or None,
                    user["last_login"],
                )
                for user in users
            ]
            print_table(
                f"账号 {len(rows)} 个", ["登录名", "姓名", "角色", "可用", "#锁定（分）", "上次登录"], rows
            )

    @group.command(epilog="例：echo 一个长密码 | portrait user password wang --password-stdin")
    def password(login: Login, stdin: FromStdin = False, home: Home = None) -> None:
        """改密码；该账号已登录的会话随即失效。"""
        site = site_of(home, behind=True)
        row = find_user(site.registry, login)
        if row is None:
            raise NotFound(f"没有登录名“{login}”")
        chosen = read_password() if stdin else new_password(Role(row.role), login)
        set_password(site.registry, login, chosen)
        _audited(site, "user.password", login)
        _tell(f"账号 {login} 的密码已改", None if stdin else chosen)

    @group.command(name="unlock", epilog="例：portrait user unlock wang")
    def unlock_(login: Login, home: Home = None) -> None:
        """解除因密码输错次数过多的锁定。"""
        site = site_of(home, behind=True)
        had = unlock(site.registry, login)
        if not had and find_user(site.registry, login) is None:
            raise NotFound(f"没有登录名“{login}”")
        _audited(site, "user.unlock", login)
        _tell(f"账号 {login} 已解锁" if had else f"账号 {login} 没有被锁定")

    @group.command(epilog="例：portrait user disable wang")
    def disable(login: Login, home: Home = None) -> None:
        """停用账号并结束其会话；历史和审计保留。"""
        site = site_of(home, behind=True)
        set_active(site.registry, login, False)
        _audited(site, "user.disable", login)
        _tell(f"账号 {login} 已停用")

    @group.command(epilog="例：portrait user enable wang")
    def enable(login: Login, home: Home = None) -> None:
        """重新启用停用的账号。"""
        site = site_of(home, behind=True)
        set_active(site.registry, login, True)
        _audited(site, "user.enable", login)
        _tell(f"账号 {login} 已启用")


def read_password() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InputError("标准输入里没有密码：应在一行里给出")
    return line


def _audited(site: Site, action: str, login: str, reason: str = "") -> None:
    row = find_user(site.registry, login)
    add_audit(
        site.registry,
        now=now(),
        actor=operator(),
        action=action,
        object=f"user:{row.id}" if row is not None else f"login:{login}",
        reason=reason,
    )


def _tell(message: str, password: str | None = None) -> None:
    stdout().print(message if password is None else f"{message}，密码（只显示这一次）：[bold]{password}[/]")
