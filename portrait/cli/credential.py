"""`portrait credential`: what platforms sign in with at the learning record store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.intake import print_batches
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.errors import NotFound
from portrait.intake.forward import add_platform, forward_again, no_catalogue
from portrait.refresh import WAIT_SECONDS
from portrait.scope import Actor, Role, scope
from portrait.store.audit import add_audit
from portrait.store.credential import RIGHTS, RIGHTS_ZH, VERSIONS, list_credentials, revoke_credential
from portrait.store.received import repaired

Rights = StrEnum("Rights", {name: name for name in RIGHTS})  # type: ignore[misc]
Version = StrEnum("Version", {name: name for name in VERSIONS})  # type: ignore[misc]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="学习记录库的凭据：增加、列出、停用", no_args_is_help=True)
    app.add_typer(group, name="credential")

    @group.command(epilog="例：portrait credential add city_lms --rights own --rate 50")
    def add(
        source: Annotated[str, typer.Argument(metavar="来源", help="来源平台的代码，也是它的映射的名字")],
        name: Annotated[
            str,
            typer.Option(
                help="平台的名称：来源就叫这个名字，也写进它发来的每条语句的 authority； 不写就用来源已有的标题"
            ),
        ] = "",
        rights: Annotated[
            Rights, typer.Option(help="权限： " + " ".join(f"{k}={v}" for k, v in RIGHTS_ZH.items()))
        ] = Rights["own"],
        version: Annotated[
            Version, typer.Option(help="请求没有写明版本的一律得 400；这个回答里写的 xAPI 版本")
        ] = Version["1.0.3"],
        rate: Annotated[int, typer.Option(help="每秒最多多少个请求，0 不限")] = 0,
        lenient: Annotated[
            bool, typer.Option("--lenient", help="宽松：修正已知平台的已知毛病，逐条记下改了什么")
        ] = False,
        courses: Annotated[
            str,
            typer.Option(
                "--courses", help="语句里的课程是哪个来源的目录里的， 写那个来源的代码； 不写就是它自己的"
            ),
        ] = "",
        staff: Annotated[
            bool, typer.Option("--staff", help="语句里的账号名（account.name）就是教师的继教编号")
        ] = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """给一个来源平台一对钥匙；密钥只显示这一次。"""
        site = site_of(home, new=True, behind=True)
        made, mapping = add_platform(
            site,
            source=source,
            name=name,
            rights=rights.value,
            version=version.value,
            rate=rate,
            lenient=lenient,
            by=operator(),
            courses=courses,
            staff=staff,
        )
        add_audit(
            site.registry,
            now=now(),
            actor=operator(),
            action="credential.add",
            object=f"credential:{made.key}",
            reason=f"{source}：{RIGHTS_ZH[made.rights]}",
        )
        if as_json:
            print_json({"key": made.key, "secret": made.secret, "source": source, "mapping": mapping})
            return
        stdout().print(f"凭据已增加：来源 {source}，{RIGHTS_ZH[made.rights]}，映射 {mapping}", soft_wrap=True)
        if lacking := no_catalogue(site, courses):
            stdout().print(f"注意：{escape(lacking)}", soft_wrap=True)
        stdout().print(f"用户名（key）：[bold]{made.key}[/]")
        stdout().print(f"密码（secret，只显示这一次）：[bold]{made.secret}[/]")

    @group.command(name="list", epilog="例：portrait credential list --json")
    def list_(home: Home = None, as_json: Json = False) -> None:
        """列出所有凭据，密钥除外。"""
        site = site_of(home, behind=True)
        known = list_credentials(site.registry)
        if as_json:
            print_json(
                [
                    {
                        "key": one.key,
                        "source": one.source,
                        "name": one.name,
                        "rights": one.rights,
                        "version": one.version,
                        "rate": one.rate,
                        "lenient": one.lenient,
                        "created": one.created,
                        "revoked": one.revoked,
                    }
                    for one in known
                ]
            )
            return
        rows = [
            (
                one.key,
                one.source,
                one.name,
                RIGHTS_ZH[one.rights],
                one.version,
                one.rate or None,
                one.lenient,
                one.created,
                one.revoked,
            )
            for one in known
        ]
        columns = ["用户名", "来源", "名称", "权限", "版本", "#每秒", "宽松", "增加", "停用"]
        print_table(f"凭据 {len(rows)} 个", columns, rows)

    @group.command(epilog="例：portrait credential revoke 5f2d8c0e91ab43d7c6e0f1a2")
    def revoke(
        key: Annotated[str, typer.Argument(metavar="用户名", help="凭据的用户名（key）")],
        home: Home = None,
    ) -> None:
        """停用一个凭据，十秒之内生效；它写下的语句都保留。"""
        site = site_of(home, behind=True)
        ended = revoke_credential(site.registry, key, moment=now())
        add_audit(
            site.registry,
            now=now(),
            actor=operator(),
            action="credential.revoke",
            object=f"credential:{key}",
            reason=ended.source,
        )
        stdout().print(f"凭据 {key}（来源 {ended.source}）已停用")

    @group.command(epilog="例：portrait credential reread city_lms")
    def reread(
        source: Annotated[str, typer.Argument(metavar="来源", help="来源平台的代码")],
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """映射改好以后，把这个来源发来的语句从头再汇入一遍：读法变了的成为新版本，没变的算重复。

        课程、时间、得分的写法可以这样改。账号或记录种类的写法也变了的，旧记录认不出是同一条，要用 portrait record void 撤回。
        """
        site = site_of(home)
        taken = forward_again(site, source, by=operator(), wait_seconds=WAIT_SECONDS)
        add_audit(
            site.registry, now=now(), actor=operator(), action="credential.reread", object=source, reason=""
        )
        if as_json:
            print_json(taken)
            return
        print_batches(taken)
        stdout().print("portrait refresh 以后进入画像")

    @group.command(epilog="例：portrait credential repairs 5f2d8c0e91ab43d7c6e0f1a2")
    def repairs(
        key: Annotated[
            str, typer.Argument(metavar="用户名", help="只看这个凭据（key）的， 不写就看全部")
        ] = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """宽松的凭据修正过什么：哪种毛病、多少处、几个例子。"""
        site = site_of(home, behind=True)
        if key and all(one.key != key for one in list_credentials(site.registry)):
            raise NotFound("没有凭据“{key}”", key=key)
        allowed = scope(Actor(0, operator(), "", Role.ADMIN), site.today)
        with site.registry.connect() as connection:
            found = repaired(connection, allowed, key=key)
        if as_json:
            print_json(found)
            return
        rows = [
            (one.key, one.source, one.code, one.n, f"{example.path}：{example.was} → {example.became}")
            for one in found
            for example in one.examples[:1]
        ]
        print_table(
            f"修正过的 {sum(one.n for one in found):,} 处",
            ["用户名", "来源", "毛病", "#处", "最近的例子"],
            rows,
        )
