"""What waiting files would become: for each stream the first rows as they are and as they are read, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards.language import gettext, retold
from dashboards.part import badge, format
from dashboards.part.admin.row import meant
from dashboards.part.admin.word import field_name, reasons_text, target_name
from portrait.intake.door import REASONS
from portrait.intake.preview import Preview, Sample
from portrait.record import row_of
from portrait.sentence import Sentence

FEW, SHORT = 20, 60  # rows that are no data, and characters of each
OPEN = 3  # previews that are unfolded from the start; those with a fault always are


def previews(found: Sequence[Preview]) -> Any:
    """All previews of an upload, the files that nothing uses last."""
    shown = [one for one in found if one.file]
    return html.Div([_preview(one, number < OPEN) for number, one in enumerate(shown)], className="previews")


def preview_finding(found: Sequence[Preview]) -> str:
    """What taking the files in would do, in one sentence."""
    readable = [one for one in found if one.file and not one.error]
    faulty = sum(1 for one in found if one.file and one.error)
    if not readable:
        return gettext("没有一个文件能按这份映射读出来，请看下面的原因。")
    rows, good, bad, again = (
        sum(getattr(one, f"rows_{name}") for one in readable) for name in ("read", "new", "bad", "again")
    )
    words = gettext("读到 {n} 行，{good} 行没有问题", n=_exact(rows), good=_exact(good))
    words += gettext("，{n} 行和同一文件里别的行是同一个记录", n=_exact(again)) if again else ""
    words += gettext("，{bad} 行会进隔离区并写明原因。", bad=_exact(bad)) if bad else gettext("。")
    if not faulty:
        return words
    return gettext("{first}{then}", first=words, then=gettext("有 {n} 个文件读不了。", n=faulty))


def takeable(found: Sequence[Preview]) -> bool:
    """Whether at least one file can be read."""
    return any(one.file and not one.error for one in found)


def _preview(one: Preview, unfolded: bool) -> Any:
    name = f"{one.file} · {one.sheet}" if one.sheet else one.file
    what = gettext("{target}（流 {stream}）", target=target_name(one.target), stream=one.stream)
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(
                        [html.B(name), html.Span(what, className="quiet") if one.stream else None],
                        className="preview-name",
                    ),
                    _state(one),
                ]
            ),
            html.Div(_body(one), className="preview-body"),
        ],
        open=unfolded or bool(one.error),
        className="preview",
    )


def _state(one: Preview) -> Any:
    if one.error:
        return badge(gettext("读不了"), "warn")
    if one.clash:
        return badge(gettext("{n} 行会丢", n=format.count(one.rows_lost)), "warn")
    if one.rows_bad:
        return badge(gettext("{n} 行有问题", n=format.count(one.rows_bad)), "thin")
    return badge(gettext("{n} 行都没有问题", n=format.count(one.rows_read)), "good")


def _body(one: Preview) -> list[Any]:
    if one.error:
        return [html.P(gettext(one.error), className="said bad")]
    words = gettext("读到 {n} 行", n=_exact(one.rows_read))
    if one.rows_bad:
        words += gettext("，{n} 行有问题：{codes}", n=_exact(one.rows_bad), codes=reasons_text(one.codes))
    if one.rows_again:
        words += gettext("，{n} 行和同一文件里别的行是同一个记录", n=_exact(one.rows_again))
    others = one.rows_passed - len(one.no_data)
    if others:
        words += gettext("；另有 {n} 行略过", n=_exact(others))
    said = [html.P(words + gettext("。"))]
    if one.clash:
        said.append(html.P(gettext(one.clash), className="said bad"))
    if one.passed:
        listed = gettext("，").join(
            gettext("{why} {n} 行", why=retold(why), n=_exact(rows)) for why, rows in one.passed[:REASONS]
        )
        said.append(html.P(gettext("略过的：{listed}", listed=listed), className="quiet"))
    if one.courses:
        said.append(html.P(gettext(one.courses), className="said"))
    if one.no_data:
        said.append(_no_data(one))
    if not one.samples and not others:
        said.append(html.P(gettext("文件里没有数据行。"), className="quiet"))
    if one.samples:
        said.append(html.Div(_table(one), className="table-scroll", tabIndex="0"))
    return said


def _no_data(one: Preview) -> Any:
    """The rows of a sheet that are no data: passed over, but never in silence."""
    rows = [
        html.Li(
            gettext(
                "第 {n} 行：{reason}（{text}）", n=row.row, reason=gettext(row.reason), text=row.text[:SHORT]
            )
        )
        for row in one.no_data[:FEW]
    ]
    words = gettext("{n} 行不是数据，略过", n=_exact(len(one.no_data)))
    return html.Details([html.Summary(words), html.Ul(rows, className="plain quiet")], className="quiet")


def _table(one: Preview) -> Any:
    """Each row twice: the cells as they came, and under them what they are read as or why they are not."""
    columns = list(one.columns)
    width = len(columns)
    return html.Table(
        [
            html.Caption(
                gettext("前几行，以及每种问题的一行；上面是原样，下面是读成什么"), className="unseen"
            ),
            html.Thead(
                html.Tr(
                    [
                        html.Th(gettext("行"), scope="col", className="numeric"),
                        *[html.Th(column, scope="col") for column in columns],
                    ]
                )
            ),
            # What is wrong comes first: it is what has to be decided on.
            *[
                _sample(one.target, sample, columns, width)
                for sample in sorted(one.samples, key=lambda sample: not sample.problem)
            ],
        ],
        className="table sample-table",
    )


def _sample(target: str, sample: Sample, columns: Sequence[str], width: int) -> Any:
    read = [
        (field_name(target, name), gettext(value) if isinstance(value, Sentence) else value)
        for name, value in sample.read.items()
        if value
    ]
    parts: list[Any] = []
    if sample.problem:
        problem = meant(sample.code, sample.column, sample.problem)
        parts.append(html.Span(problem, className="sample-problem"))
    elif not read:
        parts.append(html.Span(gettext("这一行没有读出任何值"), className="quiet"))
    else:
        for label, value in read:
            parts.append(html.Span([html.Span(label, className="quiet"), value], className="sample-value"))
    return html.Tbody(
        [
            html.Tr(
                [
                    html.Td(str(row_of(sample.row)), className="numeric"),
                    *[html.Td(sample.raw.get(column, ""), className="raw") for column in columns],
                ]
            ),
            html.Tr(
                [
                    html.Td("✕" if sample.problem else "→", className="numeric", **{"aria-hidden": "true"}),
                    html.Td(html.Div(parts, className="sample-read"), colSpan=width),
                ],
                className="sample-bad" if sample.problem else "sample-good",
            ),
        ]
    )


def _exact(n: int) -> str:
    return f"{n:,}"
