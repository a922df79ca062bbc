"""`portrait proof`: what waits for a person to confirm it, handed in with a proof or come in by a file: list, see, save the file,
confirm, return. Decisions are in the audit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portrait.cli.console import moment, print_json, print_table, stdout
from portrait.cli.option import Home, Json, operator, site_of
from portrait.clock import now
from portrait.confirmation import decide_record
from portrait.errors import InputError, NotFound
from portrait.heading import called
from portrait.offline import decide, proof_file
from portrait.record import KIND_ZH, Kind
from portrait.sentence import sentence
from portrait.site import Site
from portrait.source import source_titles
from portrait.store.audit import add_audit
from portrait.store.claim import STATES, Claim, claim_of, claims
from portrait.store.reach import Span, class_spans
from portrait.trouble import of_system
from portrait.waiting import Choice, Waiting, desk, stale_records

MOST_CHOICES = 20
RECORD_DIGITS = 32  # of a record's id in hexadecimal
CLAIM_DIGITS = 18  # what a number of the registry may have


class State(StrEnum):
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    ALL = "all"


Id = Annotated[int, typer.Argument(metavar="编号", help="申报的编号， 见 portrait proof list")]
Ids = Annotated[
    list[str],
    typer.Argument(metavar="编号", help="申报的编号， 或导入的记录的 32 位编号， 见 portrait proof list"),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="待确认的校本研修申报和导入的签到：列出、查看、取出证明、确认、退回", no_args_is_help=True
    )
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
        class_: Annotated[
            str, typer.Option("--class", help="只列这个班的导入记录， 写班次的代码、 名字或名字里的几个字")
        ] = "",
        provider: Annotated[
            str, typer.Option(help="只列这个单位的班的导入记录， 写单位的名字或其中几个字")
        ] = "",
        corrected: Annotated[bool, typer.Option("--corrected", help="只列更正过、要重新确认的记录")] = False,
        home: Home = None,
        as_json: Json = False,
    ) -> None:
        """列出申报，和导入时没有核验的签到、校本研修：谁的、什么活动、几学时、什么证明、到了哪一步。"""
        site = site_of(home)
        wanted = "" if state is State.ALL else state.value
        all_waiting = desk(site, None)
        listed = all_waiting.queue() if class_ or provider else None
        class_id = _class(site, class_, listed.classes) if listed else None
        held = listed.providers if listed else {}
        provider_id = _one(
            provider, {number: [name] for number, name in held.items()}, "单位", held.__getitem__
        )
        asked = claims(site.registry, None, state=wanted, limit=limit + 1)
        # What waits again is listed with what waits.
        stale = stale_records(site, {one.record for one in asked if one.record})
        found = [one for one in asked[:limit] if one.record not in stale]
        waiting = wanted in ("", "submitted")
        choice = Choice(class_id, provider_id, corrected)
        records = all_waiting.records(choice, limit=limit + 1) if waiting else []
        more = len(asked) > limit or len(records) > limit
        records, titles = records[:limit], source_titles(site.settings.home)
        if as_json:
            rows = [_imported(one, titles.get(one.source, "")) for one in records]
            print_json([*(_row(one) for one in found), *rows])
            return
        print_table(
            f"申报和记录，只列出 {len(found) + len(records)} 条，还有更多（--limit）"
            if more
            else f"申报和记录 {len(found) + len(records)} 条",
            [
                "#编号",
                "教师",
                "学校",
                "种类",
                "活动或班次",
                "地点或班次",
                "单位",
                "日期",
                "#学时",
                "证明或出处",
                "状态",
                "处理",
            ],
            [*(_told(one) for one in found), *(_told(one, titles.get(one.source, "")) for one in records)],
        )
        queue = all_waiting.queue(choice) if waiting else None
        if queue and queue.total > len(records):
            stdout().print(f"没有核验的记录有 {queue.total:,} 条，列了 {len(records):,} 条；--limit 可以多列")
        if len(found) == limit:
            stdout().print(f"申报至多列 {limit} 条；--limit 可以多列")

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
                raise InputError("{path}：写不了：{error}", path=save, error=of_system(error)) from error
            _note(site, "open-proof", one, proof.name)
        if as_json:
            print_json(_row(one))
            return
        for name, value in _row(one).items():
            said = moment(value) if isinstance(value, datetime) else value
            stdout().print(f"{name}：{escape(str(said if said is not None else ''))}", soft_wrap=True)

    @group.command(epilog="例：portrait proof confirm 12 13")
    def confirm(ids: Ids, home: Home = None) -> None:
        """确认：申报随即作为核验过的记录入库，导入的记录算核验过；学时随即计入，portrait refresh 以后进入画像。"""
        _decide(site_of(home), ids, "confirmed", "")

    @group.command(name="return", epilog="例：portrait proof return 12 --reason 照片看不清")
    def return_(
        ids: Ids,
        reason: Annotated[str, typer.Option(help="为什么退回， 教师会看到")],
        home: Home = None,
    ) -> None:
        """退回，写明原因；教师可以另交一次。导入的记录确认错了也用它收回，退错了再 confirm。"""
        _decide(site_of(home), ids, "returned", reason)


def _decide(site: Site, ids: list[str], state: str, reason: str) -> None:
    numbers = [int(one) for one in ids if _is_claim(one)]
    records = [_record(one) for one in dict.fromkeys(ids) if not _is_claim(one)]
    action = "confirm" if state == "confirmed" else "return"
    done = decide(site, None, numbers, state, reason, by=operator()) if numbers else []
    for one in done:
        _note(site, action, one, reason)
    for record in records:
        decide_record(site, None, record, state, reason, by=operator())
        _audit(site, action, f"record:{record.hex()}", reason)
    stdout().print(f"{STATES[state]} {len(done) + len(records)} 条；portrait refresh 以后画像随之改")


def _class(site: Site, text: str, classes: Mapping[int, str]) -> int | None:
    """The class that a code, a name or a part of one means. Raises NotFound when it is none or several; None for no word."""
    spans = class_spans(site.registry, list(classes)) if text else {}
    names = {number: (span.code, span.name) for number, span in spans.items()}
    return _one(text, names, "班次", lambda number: _span(spans[number]))


def _span(one: Span) -> str:
    """A class so that another one of its name can be told from it."""
    days = "—".join(day.isoformat() for day in (one.starts, one.ends) if day)
    more = [part for part in (one.code, one.provider, days) if part]
    return f"{one.name}（{'，'.join(more)}）" if more else one.name


def _one(text: str, names: Mapping[int, Sequence[str]], what: str, told: Callable[[int], str]) -> int | None:
    """The number of what one of these names, or a part of one, means."""
    text = text.strip()
    if not text:
        return None
    same = [number for number, given in names.items() if text in given]
    found = same or [number for number, given in names.items() if any(text in name for name in given)]
    if len(found) == 1:
        return found[0]
    words = (
        "等着确认的记录里有 {n} 个{what}对得上“{text}”，写代码或全名：{choices}"
        if found
        else "等着确认的记录里没有{what}“{text}”，可选：{choices}"
    )
    choices = [told(number) for number in (found or names)]
    left = len(choices) - MOST_CHOICES
    if left > 0:
        choices = [*choices[:MOST_CHOICES], f"还有 {left} 个"]
    raise NotFound(words, n=len(found), what=sentence(what), text=text, choices=choices)


def _is_claim(text: str) -> bool:
    return text.isdecimal() and len(text) <= CLAIM_DIGITS


def _record(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(text) != RECORD_DIGITS or len(found) * 2 != RECORD_DIGITS:
        raise InputError("“{text}”不是申报的编号，也不是 32 位的记录编号", text=text)
    return found


def _note(site: Site, action: str, one: Claim, reason: str) -> None:
    _audit(site, action, f"claim:{one.id}", reason)


def _audit(site: Site, action: str, object: str, reason: str) -> None:
    add_audit(site.registry, now=now(), actor=operator(), action=action, object=object, reason=reason)


def _told(one: Claim | Waiting, source: str = "") -> tuple[object, ...]:
    """A line of the list. A sign-in's class is what it was about, the text of its record only what is more than the day."""
    signed = one.kind == "attendance"
    claim = one if isinstance(one, Claim) else None
    number = str(claim.id) if claim else ""
    if not number or (claim and claim.record):
        number = (one.record or b"").hex()
    title = one.title if claim and not claim.record else called(one.title, one.day)
    if isinstance(one, Waiting):
        about = one.class_name or one.course or one.sheet if signed else title or one.course or one.sheet
        title = title if title != one.provider else ""
        shown = f"{source.split('（')[0] or one.source} {one.file} 第 {one.row} 行"
    else:
        about = one.class_name if signed else title
        shown = one.proof.name if one.proof else ""
    return (
        number,
        escape(one.person),
        escape(one.school),
        KIND_ZH[Kind[one.kind.upper()]],
        escape(about),
        escape(title if signed else one.class_name),
        "" if isinstance(one, Claim) else escape(one.provider),
        "" if one.day is None else str(one.day),
        f"{one.hours:g}" if one.hours else "",
        escape(shown),
        STATES[claim.state] if claim else STATES["submitted"],
        escape(_decided(one)),
    )


def _decided(one: Claim | Waiting) -> str:
    """Who decided when and why; of a record that was corrected since, that it waits to be looked at again."""
    if isinstance(one, Claim):
        return f"{one.decided_by} {moment(one.decided_at)} {one.reason}".strip()
    before = one.earlier
    if before is None:
        return ""
    return f"已更正，请重新确认；以前 {before.by} {moment(before.at)} {STATES[before.state]} {before.hours:g} 学时 {before.reason}".strip()


def _imported(one: Waiting, source: str) -> dict[str, object]:
    """The keys of a claim, and where the record came from: one list for scripts."""
    before = one.earlier
    return {
        "id": None,
        "record": one.record.hex(),
        **_study(one),
        "activity": one.activity,
        "course": one.course,
        "provider": one.provider,
        "outside": one.outside,
        "state": "submitted",
        "source": one.source,
        "source_title": source,
        "sheet": one.sheet,
        "batch": one.batch,
        "file": one.file,
        "row": one.row,
        "facts": one.facts.hex(),
        "earlier": None
        if before is None
        else {**vars(before), "facts": None if before.facts is None else before.facts.hex()},
    }


def _study(one: Claim | Waiting) -> dict[str, object]:
    return {
        "name": one.person,
        "school": one.school,
        "class": one.class_name,
        "kind": one.kind,
        "title": one.title,
        "day": one.day,
        "hours": one.hours,
    }


def _row(one: Claim) -> dict[str, object]:
    return {
        "id": one.id,
        "record": one.record.hex() if one.record else None,
        "person": one.person_key,
        **_study(one),
        "proof": one.proof.name if one.proof else None,
        "content": one.proof.content if one.proof else None,
        "state": one.state,
        "by": one.by,
        "at": one.at,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "reason": one.reason,
    }
