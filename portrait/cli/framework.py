"""`portrait framework`: competency frameworks in and out, their versions, what changed, and what corresponds with what."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.competency import ASSOCIATION_ZH, LINK_ZH, crosswalk, difference
from portrait.errors import InputError, Misused, NotFound
from portrait.intake.frame import PORTRAIT
from portrait.intake.library import (
    Edition,
    editions,
    export_frame,
    find_edition,
    frame_of_edition,
    import_frame,
    newest_frames,
)
from portrait.portrait import wording
from portrait.reading import portrait_of
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.person import person_id_of
from portrait.trouble import of_system

FORM_ZH = {"case": "CASE 包", "own": "本系统的框架文件"}


class Form(StrEnum):
    CASE = "case"
    OWN = "own"


Name = Annotated[
    str, typer.Argument(metavar="框架", help="名字、编号（或开头几位）或标题， 见 portrait framework list")
]
Number = Annotated[int | None, typer.Option("--version", min=1, help="第几版， 不给则最新")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="能力框架：列出、查看、导入、导出、比较两版、对照两个框架", no_args_is_help=True)
    app.add_typer(group, name="framework")

    @group.command(name="list", epilog="例：portrait framework list")
    def list_(home: Home = None, as_json: Json = False) -> None:
        """列出每个框架的每一版：随系统的和导入的。"""
        listed = editions(site_of(home, new=True))
        if as_json:
            print_json([_row(one) for one in listed])
            return
        print_table(
            f"能力框架 {len({one.identifier for one in listed})} 个，{len(listed)} 版",
            ["名字", "#版", "标题", "版本名", "格式", "#条目", "#关联", "导入", "谁"],
            [
                (
                    escape(one.name),
                    one.number,
                    escape(one.title),
                    escape(one.label),
                    FORM_ZH[one.form],
                    one.items,
                    one.associations,
                    one.at if one.stored else "随系统",
                    one.by,
                )
                for one in listed
            ],
        )

    @group.command(
        epilog="例：portrait framework show digcompedu_2017　portrait framework show 20c5134f --version 1"
    )
    def show(framework: Name, version: Number = None, home: Home = None, as_json: Json = False) -> None:
        """把一版框架印成一棵树，末尾是各种关联的数目。"""
        site = site_of(home, new=True)
        edition = find_edition(site, framework, version)
        frame = frame_of_edition(site, edition)
        if as_json:
            items = [
                {"depth": depth, "identifier": i.identifier, "code": i.code, "statement": i.statement}
                for depth, i in frame.tree()
            ]
            print_json(_row(edition) | {"tree": items})
            return
        console = stdout()
        console.print(
            f"[bold]{escape(edition.title)}[/] 第 {edition.number} 版　{escape(edition.identifier)}",
            soft_wrap=True,
        )
        for depth, item in frame.tree():
            code = item.code if item.code else item.identifier[:8]
            console.print(f"{'  ' * depth}{escape(code)}　{escape(item.statement)}", soft_wrap=True)
        counts = {kind: sum(one.kind == kind for one in frame.associations) for kind in ASSOCIATION_ZH}
        console.print(
            "关联：" + "、".join(f"{ASSOCIATION_ZH[kind]} {n:,}" for kind, n in counts.items() if n)
        )

    @group.command(name="import", epilog="例：portrait framework import package.json")
    def import_(
        path: Annotated[Path, typer.Argument(metavar="文件", help="CASE 1.0 包，或本系统的框架文件（JSON）")],
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """导入一个框架。同一个框架再来就是新的一版，旧的留着；内容没变就不多一版。有一处不对，整个文件都不收。"""
        if not path.is_file():
            raise InputError("没有文件 {path}", path=path)
        site = site_of(home, new=True)
        done = import_frame(site, path, by=operator())
        if done.new:
            add_audit(
                site.registry,
                now=now(),
                actor=operator(),
                action="import-framework",
                object=f"framework:{done.edition.identifier}"[:120],
                reason=f"第 {done.edition.number} 版",
            )
        if as_json:
            print_json(_row(done.edition) | {"new": done.new, "notes": list(done.notes)})
            return
        said = f"{done.edition.title}：第 {done.edition.number} 版，{done.edition.items:,} 条，{done.edition.associations:,} 个关联"
        stdout().print(
            escape(said) if done.new else escape(f"{said}；内容和这一版相同，没有新的一版"), soft_wrap=True
        )
        for note in done.notes[:10]:
            stdout().print(f"  修正：{escape(note)}", soft_wrap=True)
        if len(done.notes) > 10:
            stdout().print(f"  修正共 {len(done.notes):,} 处")

    @group.command(epilog="例：portrait framework export jyt0646 --form case --output digital.json")
    def export(
        framework: Name,
        version: Number = None,
        form: Annotated[
            Form | None, typer.Option(help="case： CASE 1.0 包； own： 本系统的文件； 不给则照来时的")
        ] = None,
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help="写到这个文件， 不给则印出来")
        ] = None,
        home: Home = None,
    ) -> None:
        """导出一版框架；再导入就是同一版。"""
        site = site_of(home, new=True)
        document = export_frame(site, find_edition(site, framework, version), form.value if form else "")
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        if output is None:
            typer.echo(text, nl=False)
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError("{path}：写不了：{error}", path=output, error=of_system(error)) from error
        stdout().print(f"写好了 {escape(str(output))}", soft_wrap=True)

    @group.command(epilog="例：portrait framework diff 20c5134f --from 1 --to 2")
    def diff(
        framework: Name,
        from_: Annotated[
            int | None, typer.Option("--from", min=1, help="较早的一版， 不给则倒数第二")
        ] = None,
        to: Annotated[int | None, typer.Option("--to", min=1, help="较晚的一版， 不给则最新")] = None,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """比较一个框架的两版：多了、少了、改了哪些条目。"""
        site = site_of(home, new=True)
        later = find_edition(site, framework, to)
        if from_ is None and later.number == 1:
            raise NotFound(
                "框架“{title}”第 1 版以前没有别的版本，没有可比的；导入新的一版以后再比（portrait framework import）"
                if len(editions(site, later.identifier)) == 1
                else "框架“{title}”第 1 版以前没有别的版本；用 --from 和 --to 写明比哪两版",
                title=later.title,
            )
        before = from_ if from_ is not None else max(1, later.number - 1)
        earlier = find_edition(site, framework, before)
        found = difference(frame_of_edition(site, earlier), frame_of_edition(site, later))
        if as_json:
            print_json({"from": earlier.number, "to": later.number, "difference": found})
            return
        rows = [("多了", one.code, one.statement, "") for one in found.added]
        rows += [("少了", one.code, one.statement, "") for one in found.removed]
        rows += [
            (
                "改了",
                one.item.code,
                one.item.statement,
                "；".join(f"{part}：{old} → {new}" for part, old, new in one.parts),
            )
            for one in found.changed
        ]
        print_table(
            f"{later.title}：第 {earlier.number} 版 → 第 {later.number} 版",
            ["", "代码", "条目", "改动"],
            [tuple(escape(cell) for cell in row) for row in rows],
        )
        stdout().print(
            f"关联多了 {found.links_added:,}、少了 {found.links_removed:,}"
            if not found.nothing
            else "两版没有不同"
        )

    @group.command(
        name="crosswalk", epilog=f"例：portrait framework crosswalk {PORTRAIT} jyt0646 --person HJ41010200001"
    )
    def crosswalk_(
        source: Annotated[str, typer.Argument(metavar="框架", help="从哪个框架")],
        target: Annotated[str, typer.Argument(metavar="对照的框架", help="看成哪个框架")],
        through: Annotated[
            str, typer.Option("--through", help="两边没有直接关联时， 经过哪个框架")
        ] = PORTRAIT,
        person: Annotated[
            str, typer.Option(help="教师的继教编号： 也列出画像的水平， 只用于从画像出发")
        ] = "",
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """一个框架的条目对应另一个框架的哪些：等同、相当、相关，或经过第三个框架。"""
        site = site_of(home, new=True)
        first, second, pivot = (find_edition(site, name) for name in (source, target, through))
        if person and first.name != PORTRAIT:
            raise Misused("--person 只用于从画像（{name}）出发的对照", name=PORTRAIT)
        one, other, over = (frame_of_edition(site, edition) for edition in (first, second, pivot))
        links = crosswalk(one, other, newest_frames(site), pivot=over)
        levels = _levels(site, person) if person else {}
        if as_json:
            print_json(
                [
                    {
                        "source": link.source.code,
                        "target": link.target.code,
                        "kind": link.kind,
                        "via": link.via.code if link.via else "",
                        **({"level": levels.get(link.source.identifier, "")} if person else {}),
                    }
                    for link in links
                ]
            )
            return
        print_table(
            f"{first.title} → {second.title}：{len(links)} 对",
            ["代码", "条目", "关联", "代码", "条目", "经过", *(["水平"] if person else [])],
            [
                (
                    escape(link.source.code),
                    escape(link.source.statement[:30]),
                    LINK_ZH[link.kind],
                    escape(link.target.code),
                    escape(link.target.statement[:30]),
                    escape(link.via.code) if link.via else "",
                    *([levels.get(link.source.identifier, "")] if person else []),
                )
                for link in links
            ],
        )


def _levels(site: Site, key: str) -> dict[str, str]:
    """Dimension or indicator → a teacher's level in words. Raises NotFound when there is no such teacher."""
    found = portrait_of(site, person_id_of(site.registry, key))
    return {code: wording(estimate) for code, estimate in found.estimates.items()}


def _row(one: Edition) -> dict[str, object]:
    return {
        "name": one.name,
        "identifier": one.identifier,
        "version": one.number,
        "title": one.title,
        "label": one.label,
        "form": one.form,
        "items": one.items,
        "associations": one.associations,
        "shipped": one.stored is None,
        "by": one.by,
        "at": one.at,
    }
