"""培训成效: paired gains of the classes with their interval, who is missing, and how little such a design proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.figure.gain import GainRow, gains_chart, gains_height, points
from dashboards.language import gettext
from dashboards.page import Context, Page
from dashboards.part import (
    badge,
    card,
    empty_state,
    facts,
    figure_with_table,
    format,
    key,
    link_button,
    number,
    numbers,
    page_header,
    panel,
    simple_table,
)
from dashboards.part.class_choice import (
    chosen_class,
    class_choice,
    no_classes,
    own_classes,
    register_choice,
)
from dashboards.part.number import counted
from dashboards.theme import DATA, INK
from models.effect import Figure, Gain, class_gain
from portrait.portrait import State
from portrait.programme.training_class import Stage
from portrait.scope import Role
from portrait.store.training import ClassCount

PATH = "/trainer/effect"
MOST = 12


def layout(context: Context, query: Mapping[str, str]) -> Any:
    counts = own_classes(context)
    chosen = chosen_class(counts, query, Stage.ENDED, as_of=context.today)
    if chosen is None:
        return [page_header(gettext("培训成效")), no_classes(gettext("培训成效"))]
    begun = [c for c in counts if c.training_class.stage(context.today) in (Stage.ENDED, Stage.RUNNING)]
    # The chosen class first, then the newest others.
    others = [c for c in begun if c.training_class.id != chosen.training_class.id][: MOST - 1]
    return [
        page_header(
            gettext("培训成效"),
            gettext("训前测和训后测都做了的学员，前后相比 · 数据截至 {day}", day=format.day(context.today)),
        ),
        class_choice(PATH, counts, chosen, context.today),
        panel(chosen.training_class.name, _chosen, context, chosen),
        panel(gettext("本单位各班"), _all_card, context, [chosen, *others]),
    ]


def _chosen(context: Context, chosen: ClassCount) -> list[Any]:
    one = chosen.training_class
    gain = class_gain(context.site, one.id)
    if gain.hidden:
        return [
            card(
                one.name,
                "",
                empty_state(
                    gettext(
                        "前测后测都做了的只有 {n} 人，少于 {floor} 人不显示成效",
                        n=gain.pairs,
                        floor=gain.floor,
                    ),
                    gettext("人太少，平均值会让人认出是谁。应测 {n} 人。", n=gain.trainees),
                    icon_name="shield",
                    action=link_button(gettext("提醒缺测的学员：看名单"), f"/trainer/classes?class={one.id}"),
                ),
                icon_name="growth",
            )
        ]
    if gain.gain is None:
        return [
            card(
                one.name,
                "",
                empty_state(
                    gettext("没有一名学员前测后测都做了"),
                    gettext(
                        "有前测 {a} 人，有后测 {b} 人，都没有 {c} 人；两次都做才能相比。",
                        a=gain.only_pre,
                        b=gain.only_post,
                        c=gain.neither,
                    ),
                    action=link_button(gettext("看名单"), f"/trainer/classes?class={one.id}"),
                ),
                icon_name="growth",
            )
        ]
    level = format.percent(gain.confidence, 0)
    return [
        numbers(
            number(
                points(gain.gain.value),
                gettext("分"),
                gettext("{level} 区间 {low} … {high}", level=level, **_ends(gain.gain)),
                label=gettext("平均提高（满分 100）"),
            ),
            number(
                *counted(gettext("{n} 人", n=gain.pairs)),
                gettext("应测 {n} 人，缺 {m} 人", n=gain.trainees, m=gain.trainees - gain.pairs),
                label=gettext("前后测都做"),
            ),
            number(_normalised(gain), "", _normalised_says(gain), label=gettext("归一化增益")),
            number(gettext(gain.design.strength_zh), "", gettext(gain.design.zh), label=gettext("证据强度")),
        ),
        card(
            gettext("能说什么，不能说什么"),
            _sentence(gain),
            html.Ul([html.Li(gettext(threat.zh)) for threat in gain.design.threats], className="threats"),
            facts(
                [
                    (gettext("前测平均"), format.level(gain.pre)),
                    (gettext("后测平均"), format.level(gain.post)),
                    (gettext("只有前测"), gettext("{n} 人", n=gain.only_pre)),
                    (gettext("只有后测"), gettext("{n} 人", n=gain.only_post)),
                    (gettext("都没有"), gettext("{n} 人", n=gain.neither)),
                    (gettext("规则版本"), gain.rule),
                ]
            ),
            action=link_button(
                gettext("提醒缺测的学员：看名单"), f"/trainer/classes?class={one.id}", icon_name="people"
            )
            if gain.pairs < gain.trainees
            else None,
            icon_name="info",
        ),
    ]


def _sentence(gain: Gain) -> str:
    assert gain.gain is not None
    if gain.state is State.THIN:
        first = gettext("只有 {n} 对，证据不足：平均值只供参考，不下结论。", n=gain.pairs)
    elif gain.gain.low is not None and gain.gain.low > 0:
        first = gettext("训后测确实比训前测高，超出误差。")
    elif gain.gain.high is not None and gain.gain.high < 0:
        first = gettext("训后测确实比训前测低，超出误差。")
    else:
        first = gettext("前后之差在误差之内，说不出提高还是下降。")
    weakness = gettext(
        "{design}，强度：{strength}——{says}，不能排除：",
        design=gettext(gain.design.zh),
        strength=format.within(gettext(gain.design.strength_zh)),
        says=gettext(gain.design.says),
    )
    return gettext("{first}{then}", first=first, then=weakness)


def _normalised(gain: Gain) -> str:
    return format.NOTHING if gain.normalised is None else format.decimal(gain.normalised.value, 2)


def _normalised_says(gain: Gain) -> str:
    if gain.normalised is None:
        return gettext("前测已满分，没有提高的空间")
    return gettext(
        "提高占前测剩余空间的比例，{level} 区间 {low}–{high}",
        level=format.percent(gain.confidence, 0),
        **_ratio(gain.normalised),
    )


def _ends(figure: Figure) -> dict[str, str]:
    return {
        "low": points(figure.low) if figure.low is not None else "?",
        "high": points(figure.high) if figure.high is not None else "?",
    }


def _ratio(figure: Figure) -> dict[str, str]:
    return {
        "low": format.decimal(figure.low, 2) if figure.low is not None else "?",
        "high": format.decimal(figure.high, 2) if figure.high is not None else "?",
    }


def _all_card(context: Context, counts: Sequence[ClassCount]) -> Any:
    gains = [(count, class_gain(context.site, count.training_class.id)) for count in counts]
    rows = [_row(count, gain) for count, gain in gains]
    table = simple_table(
        [
            gettext("班次"),
            gettext("前测"),
            gettext("后测"),
            gettext("平均提高（区间）"),
            gettext("归一化增益"),
            gettext("配对/应测"),
            gettext("强度"),
        ],
        [
            [
                dmc.Anchor(count.training_class.name, href=f"{PATH}?class={count.training_class.id}"),
                format.level(gain.pre),
                format.level(gain.post),
                _said(gain),
                _normalised(gain),
                f"{gain.pairs}/{gain.trainees}",
                badge(gettext(gain.design.strength_zh), "thin")
                if gain.state is State.ESTIMATED
                else badge(gettext("证据不足") if gain.state is State.THIN else gettext("暂无证据"), "none"),
            ]
            for count, gain in gains
        ],
        numeric=(1, 2, 3, 4, 5),
    )
    return card(
        gettext("本单位各班"),
        gettext(
            "每个淡点是一名前后测都做了的学员，深点是平均、横线是区间；过了 0 线才谈得上提高。班与班学员和试卷不同，不比高低。"
        ),
        figure_with_table(
            gains_chart(rows),
            table,
            gettext("各班训前训后之差：每名学员、平均值和区间"),
            height=gains_height(len(rows)),
            key=key(
                ("dot", DATA, gettext("平均提高")),
                ("band", DATA, gettext("区间")),
                ("tick", INK, gettext("没有变化")),
            ),
        ),
        icon_name="bars",
    )


def _row(count: ClassCount, gain: Gain) -> GainRow:
    name = count.training_class.name
    if gain.gain is None:
        note = _said(gain) if gain.hidden else gettext("没有配对")
        return GainRow(name, (), None, None, None, gain.pairs, note)
    return GainRow(name, gain.points, gain.gain.value, gain.gain.low, gain.gain.high, gain.pairs)


def _said(gain: Gain) -> str:
    if gain.hidden:
        return gettext("人数太少不显示")
    figure = gain.gain
    if figure is None:
        return format.NOTHING
    if figure.low is None or figure.high is None:
        return points(figure.value)
    return points(figure.value) + gettext("（{text}）", text=f"{points(figure.low)} … {points(figure.high)}")


def register(app: Any, context: Callable[[], Context]) -> None:
    register_choice(app, context, PATH)


PAGE = Page(PATH, lambda: gettext("培训成效"), "growth", frozenset({Role.TRAINER}), layout, register)
