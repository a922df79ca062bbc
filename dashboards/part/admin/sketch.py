"""A sheet that no mapping knows: its columns with examples, what each is taken for, and how the first rows read by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards.language import gettext
from dashboards.part import badge
from dashboards.part.admin.preview import preview_finding, previews
from dashboards.part.admin.word import field_name, target_name
from portrait.identifier import KIND_NAME
from portrait.intake.deed import MOST
from portrait.intake.draft import (
    NAMED_BY,
    PERSONAL,
    SCHOOL,
    SPECIAL,
    UNIT_ZH,
    WITH_SCHOOL,
    Draft,
    choices,
    kinds,
)
from portrait.intake.guess import SURE, number_of
from portrait.intake.layout import EVERY_SHEET
from portrait.intake.pick import TARGETS_OFFERED
from portrait.intake.propose import Proposal
from portrait.intake.sketch import Tried
from portrait.intake.survey import Column
from portrait.intake.target import TARGETS
from portrait.record import KIND_ZH, Kind
from portrait.sentence import sentence

ROWS_OFFERED = 12  # rows that may be chosen as the header
# Fields that are often the same in every row, by target; required ones always stand here.
_FIXED = {
    "record": (
        "kind",
        "score_max",
        "course",
        "run",
        "item",
        "time",
        "verified",
        "course_source",
        "class_source",
    ),
    "trainee": ("class", "class_source"),
    "person": ("school", "stage"),
    "course": ("provider", "mode"),
    "class": ("provider", "category", "level", "mode"),
    "school": ("county", "stage"),
}


def sketch_form(
    file: Path,
    names: Sequence[str],
    sheets: Sequence[str],
    found: Proposal,
    tried: Tried,
    lists: Mapping[str, Mapping[str, str]],
) -> list[Any]:
    """The form and, below, the preview. `names` are the files that wait, `sheets` those of this one, `lists` the sources that have
    given courses and classes, by the field that says which is meant: source → title."""
    draft, table = found.draft, found.table
    facts = gettext(
        "表头在第 {line} 行，{n} 行数据，{m} 列",
        line=table.head.row,
        n=f"{found.rows:,}",
        m=len(table.columns),
    )
    if len(found.sheets) > 1:
        each = [
            gettext("{sheet} {n} 行", sheet=sheet, n=f"{n:,}")
            for sheet, n in zip(found.sheets, found.counts, strict=True)
        ]
        facts = gettext("{facts}（{each}）", facts=facts, each=each)
    if found.refused:
        return [
            html.P(facts, className="quiet"),
            html.P(gettext(found.refused), className="said bad"),
            _place(file, names, sheets, found),
            dcc.Store(id="sketch-about", data=_about(file, found)),
        ]
    return [
        html.P(facts, className="quiet"),
        html.Ul([html.Li(gettext(note)) for note in found.notes], className="plain quiet") if found.notes else None,
        _place(file, names, sheets, found),
        html.H3(gettext("每一列是什么")),
        html.Div([_column(n, column, draft, found.known.get(column.name, "")) for n, column in enumerate(table.columns)], className="sketch-columns"),
        html.Div(sketch_words(draft, [column.name for column in table.columns]), id="sketch-words", className="stack-tight"),
        html.H3(gettext("每一行都一样的")),
        html.Div([_text("year", gettext("没写年份的日期算哪一年"), draft.year, 4, gettext("表自己写了年份的（标题、表名、文件名）按表的；都没写的才按这里")), *(_fixed(name, draft, lists) for name in fixed_fields(draft))], className="row-cells"),
        html.P(sketch_status(tried), id="sketch-status", className="sketch-status", role="status", **{"aria-live": "polite"}),
        html.H3(gettext("读出来是这样")),
        html.Div(sketch_preview(tried), id="sketch-preview", className="stack-tight"),
        html.H3(gettext("存成映射，下次同样的表头直接认出来")),
        _naming(draft),
        dcc.Store(id="sketch-columns", data=[column.name for column in table.columns]),
        dcc.Store(id="sketch-about", data=_about(file, found)),
    ]  # fmt: skip


def _about(file: Path, found: Proposal) -> dict[str, Any]:
    """What a form must know of its table to make a draft again."""
    draft, table = found.draft, found.table
    return {
        "file": file.name,
        "sheet": draft.sheet,
        "shown": draft.sheet or table.sheet,
        "header": draft.header,
        "target": "" if found.refused else draft.target,
        "pattern": draft.file,
        "fill_down": list(draft.fill_down),
        "heading": draft.heading,
        "named": draft.named,
        "key": list(draft.key),
        "words": {column.name: list(column.words) for column in table.columns if _worded(column)},
    }


def _worded(column: Column) -> bool:
    """Whether its few texts may be words for kinds; numbers of people are none."""
    return 0 < len(column.words) <= MOST and not any(number_of(word) is not None for word in column.words)


def sketch_words(draft: Draft, columns: Sequence[str]) -> list[Any]:
    """What stands in the column of kinds, each word with the kind that it is taken for; nothing where no column says one."""
    column = next((column for column in columns if draft.picks.get(column) == "kind"), "")
    if not column or not draft.words:
        return []
    return [
        html.H3(gettext("“{column}”里的每个值是哪种记录", column=column)),
        html.P(gettext("空着的不读，计入略过；拿不准的先空着，别当成更重的。"), className="quiet"),
        html.Div(
            [
                dmc.Select(
                    id={"type": "sketch-word", "word": f"{columns.index(column)}:{place}"},
                    label=word,
                    data=[{"value": kind, "label": gettext(zh)} for kind, zh in kinds().items()],
                    value=kind or None,
                    placeholder=gettext("不读"),
                    clearable=True,
                    searchable=True,
                    nothingFoundMessage=gettext("没有"),
                )
                for place, (word, kind) in enumerate(draft.words.items())
            ],
            className="row-cells",
        ),
    ]


def sketch_status(tried: Tried, changed: str = "") -> list[Any]:
    """What the choices make of the file, in one line that stays in sight while columns are corrected; `changed` is the last of them."""
    words = gettext(tried.error) if tried.error else preview_finding(tried.found)
    return [
        html.Span(gettext("正在按新的选择重读…"), className="sketch-busy"),
        html.Span(words, className="sketch-words said bad" if tried.error else "sketch-words"),
        html.Span(gettext("已按新的选择重读：{what}", what=changed), className="sketch-changed")
        if changed
        else None,
    ]


def sketch_preview(tried: Tried) -> list[Any]:
    if tried.error:
        return [html.P(gettext(tried.error), className="said bad")]
    return [html.P(preview_finding(tried.found), className="finding"), previews(tried.found)]


def fixed_fields(draft: Draft) -> list[str]:
    """Fields that may be given once for all rows: those that are required and no column gives, and the usual ones."""
    there = {pick.partition(":")[0] for pick in draft.picks.values()}
    wanted = [one.name for one in TARGETS[draft.target].fields if one.required and one.type != "account"]
    by_name = draft.target in WITH_SCHOOL and "account" not in there
    listed = dict.fromkeys([*([SCHOOL] if by_name else []), *wanted, *_FIXED.get(draft.target, ())])
    return [
        name
        for name in listed
        if name not in there and not (draft.target == "person" and name in ("key", "name"))
    ]


def choice_name(target: str, choice: str) -> str:
    """A choice of `portrait.intake.draft.choices` in the reader's language."""
    wanted, _, detail = choice.partition(":")
    if choice in SPECIAL:
        return gettext(SPECIAL[choice])
    if choice in NAMED_BY and target in WITH_SCHOOL:
        return gettext(NAMED_BY[choice])
    if choice in PERSONAL:
        return gettext(PERSONAL[choice])
    if wanted == "score" and detail:
        return gettext(
            "{field}（{said}）", field=field_name(target, wanted), said=gettext(KIND_ZH[Kind[detail.upper()]])
        )
    field = TARGETS[target].field(wanted)
    if field is not None and field.type == "seconds":
        return gettext("{field}（{said}）", field=field_name(target, wanted), said=gettext(UNIT_ZH[detail]))
    if detail:
        return gettext("{name}：{said}", name=field_name(target, wanted), said=gettext(KIND_NAME[detail]))
    if field is not None and field.type in ("school", "provider", "course", "class") and target != "record":
        return gettext("{field}，或名称", field=field_name(target, wanted))
    return field_name(target, wanted)


def _place(file: Path, names: Sequence[str], sheets: Sequence[str], found: Proposal) -> Any:
    draft = found.draft
    listed = [{"value": name, "label": name} for name in sheets]
    if len(found.sheets) > 1 or draft.sheet == EVERY_SHEET:
        listed.insert(
            0, {"value": EVERY_SHEET, "label": gettext("表头相同的 {n} 张都读", n=len(found.sheets))}
        )
    return html.Div(
        [
            _select("file", gettext("文件"), [{"value": name, "label": name} for name in names], file.name)
            if len(names) > 1
            else None,
            _select("sheet", gettext("工作表"), listed, draft.sheet or found.table.sheet) if sheets else None,
            _select("header", gettext("表头在"), _headers(found), draft.header),
            _select(
                "target",
                gettext("每一行是"),
                [{"value": name, "label": target_name(name)} for name in TARGETS_OFFERED],
                None if found.refused else draft.target,
            ),
        ],
        className="row-cells",
    )


def _headers(found: Proposal) -> list[dict[str, str]]:
    """Rows that may be the header: found by the columns, or one or two given rows."""
    draft, last = found.draft, max(ROWS_OFFERED, found.table.head.last + 2)
    auto = {
        "auto": gettext("自动（有这些列的那一行）"),
        "auto 2": gettext("自动，两行表头"),
    }
    rows = {str(row): gettext("第 {n} 行", n=row) for row in range(1, last + 1)}
    pairs = {f"{row}-{row + 1}": gettext("第 {n} 到 {m} 行", n=row, m=row + 1) for row in range(1, last)}
    known = auto | rows | pairs
    known.setdefault(draft.header, draft.header)
    return [{"value": value, "label": label} for value, label in known.items()]


def _select(part: str, label: str, data: Sequence[Mapping[str, str]], value: str | None) -> Any:
    return dmc.Select(
        id={"type": "sketch-place", "part": part},
        label=label,
        data=list(data),
        value=value,
        placeholder=gettext("请选"),
        allowDeselect=False,
        searchable=len(data) > 8,
        nothingFoundMessage=gettext("没有"),
    )


def _column(number: int, column: Column, draft: Draft, known: str) -> Any:
    """`known` is what the registry says of it, which is surer than its head."""
    guess = column.guesses[0] if column.guesses else None
    pick = draft.picks.get(column.name, "")
    sure = (
        pick == "day" or bool(known) or (guess is not None and guess.sure >= SURE)
    )  # a head that is a day says so itself
    return html.Div(
        [
            html.Div(
                [
                    html.B(column.name),
                    badge(
                        gettext("很有把握") if sure else gettext("请核对"),
                        "good" if sure else "thin",
                    )
                    if guess is not None and pick
                    else None,
                ],
                className="sketch-head",
            ),
            html.Div(
                gettext("、").join(column.examples) if column.examples else gettext("（空的）"),
                className="sketch-examples",
            ),
            dmc.Select(
                id={"type": "sketch-pick", "column": number},
                data=[
                    {"value": "-", "label": gettext("不用这一列")},
                    *[{"value": one, "label": choice_name(draft.target, one)} for one in choices(draft.target)],
                ],
                value=pick or "-",
                allowDeselect=False,
                searchable=True,
                size="sm",
                nothingFoundMessage=gettext("没有"),
                attributes={"input": {"aria-label": gettext("列“{c}”", c=column.name)}},
            ),
            dmc.TextInput(
                id={"type": "sketch-scale", "column": number},
                label=gettext("这一列自己的满分（和别的列不同时填）"),
                value=draft.scales.get(column.name, ""),
                debounce=500,
                size="sm",
                attributes={"input": {"maxLength": 10}},
            )
            if pick.partition(":")[0] == "score"
            else None,
            html.Small(gettext(known or (sentence("列名是日期") if pick == "day" else guess.why)), className="quiet")
            if guess is not None
            else None,
        ],
        className="sketch-column",
    )  # fmt: skip


def _fixed(name: str, draft: Draft, lists: Mapping[str, Mapping[str, str]]) -> Any:
    id = {"type": "sketch-fixed", "field": name}
    value = draft.fixed.get(name, "")
    if name == "kind":
        return dmc.Select(
            id=id,
            label=field_name(draft.target, name),
            data=[{"value": kind, "label": gettext(zh)} for kind, zh in kinds().items()],
            value=value or None,
            clearable=True,
            searchable=True,
        )
    if name == "verified":
        return dmc.Select(
            id=id,
            label=field_name(draft.target, name),
            data=[{"value": "true", "label": gettext("是")}],
            value="true" if value else None,
            placeholder=gettext("没有说"),
            clearable=True,
        )
    label = {
        "course_source": gettext("课程名单的来源"),
        "class_source": gettext("班次名单的来源"),
        SCHOOL: gettext("全表同一个单位的，写单位名称"),
    }.get(name) or field_name(draft.target, name)
    if name == SCHOOL and draft.target not in WITH_SCHOOL:
        label = field_name(draft.target, name)
    why = draft.reasons.get(name)
    if name in lists:
        return dmc.Select(
            id=id,
            label=label,
            description=gettext(why) if why else None,
            data=[
                {"value": source, "label": gettext("{title}（{source}）", title=title, source=source)}
                for source, title in lists[name].items()
            ],
            value=value if value in lists[name] else None,
            placeholder=_unset(name, draft) if lists[name] else gettext("还没有来源给过名单"),
            clearable=True,
            searchable=len(lists[name]) > 8,
            nothingFoundMessage=gettext("没有"),
        )
    return dmc.TextInput(
        id=id,
        label=label,
        description=gettext(why) if why else None,
        value=value,
        debounce=500,
        attributes={"input": {"maxLength": 80}},
    )


def _unset(name: str, draft: Draft) -> str:
    """What is meant where nobody says whose list. Sheets call classes in many ways, and any source's may fit."""
    if name == "class_source" and draft.target == "record":
        return gettext("哪个来源的都找")
    return gettext("本来源自己的")


def _text(part: str, label: str, value: str, most: int, help: str | None = None) -> Any:
    return dmc.TextInput(
        id={"type": "sketch-name", "part": part},
        label=label,
        description=help,
        value=value,
        debounce=500,
        attributes={"input": {"maxLength": most}},
    )


def _naming(draft: Draft) -> Any:
    return html.Div(
        [
            html.Div(
                [
                    _text("name", gettext("映射的名字（字母、数字）"), draft.name, 40),
                    _text("title", gettext("题名"), draft.title, 60),
                    _text("source", gettext("来源代码（同一个来源用同一个）"), draft.source, 40),
                ],
                className="row-cells",
            ),
            dmc.Checkbox(
                id={"type": "sketch-over", "part": "over"},
                label=gettext("已有同名的映射时，替换成新版本（旧的存档）"),
                checked=False,
            ),
            html.Div(
                [
                    dmc.Button(gettext("存好并用它"), id="sketch-save", n_clicks=0),
                    html.Span(
                        gettext(
                            "存进家目录的 mapping/，各页按题名显示这个来源。存好以后再看一遍预览，按“接入”才入库。"
                        ),
                        className="quiet",
                    ),
                ],
                className="answers",
            ),
            html.Div(id="sketch-said", role="status", **{"aria-live": "polite"}),
        ],
        className="stack-tight",
    )
