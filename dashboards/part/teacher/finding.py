"""What a portrait says, in sentences: only what its intervals allow, and why an estimate is unsure."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.figure.scale import band_of
from dashboards.language import gettext
from dashboards.part import format
from dashboards.part.name import node_name
from portrait.framework import dimensions
from portrait.portrait import Doubt, Estimate, State, gap, why_unsure

WIDE = 0.25  # of the scale, low to high


def below(estimate: Estimate, standard: float) -> bool:
    """The whole interval lies below the standard; nothing less is called below."""
    return gap(estimate, standard).verdict == "below"


def reached(estimate: Estimate, standard: float) -> bool:
    return gap(estimate, standard).verdict == "met"


def finding(estimates: Sequence[Estimate], standard: float) -> str:
    """The one sentence under the header, from the estimates of the scored dimensions."""
    known = [e for e in estimates if e.state is State.ESTIMATED]
    if not known:
        return gettext("现有证据还不足以估计任何一个维度；完成一门带测验或作业的课程，就会有第一条证据。")
    low = [node_name(e.node) for e in known if below(e, standard)]
    good = [node_name(e.node) for e in known if reached(e, standard)]
    said = []
    if low:
        said.append(gettext("{names}有把握低于岗位标准", names=_list(low)))
    if good:
        said.append(gettext("{names}有把握达到标准", names=_list(good)))
    open_ = len(known) - len(low) - len(good)
    if open_:
        said.append(
            gettext("其余 {n} 个与标准分不出高低", n=open_)
            if said
            else gettext("{n} 个维度有估计，都与岗位标准分不出高低", n=open_)
        )
    blank = len(estimates) - len(known)
    if blank:
        said.append(gettext("{n} 个证据还不够，不下判断", n=blank))
    whole = gettext("；").join(said) + gettext("。")
    return whole[:1].upper() + whole[1:]


def next_step(estimates: Sequence[Estimate], standard: float) -> tuple[str, str]:
    """The dimension to work on first, and why: the widest sure gap, else the one that is known least."""
    scored = [e for e in estimates if dimensions()[e.node].scored]
    low = [e for e in scored if below(e, standard)]
    if low:
        worst = min(low, key=lambda e: e.high or 0)
        return worst.node, gettext("先补{name}：差距最有把握。", name=node_name(worst.node))
    blank = [e for e in scored if e.state is not State.ESTIMATED]
    if blank:
        least = min(blank, key=lambda e: e.weight)
        return least.node, gettext("先给{name}添证据：现在还说不清。", name=node_name(least.node))
    widest = max(scored, key=lambda e: (e.high or 0) - (e.low or 0))
    return widest.node, gettext(
        "没有确定的差距；{name}的估计最不稳，添证据最有用。", name=node_name(widest.node)
    )


def wording(estimate: Estimate) -> str:
    """The level in words, only as firm as its interval allows: “熟练，可能已到引领”."""
    if estimate.level is None or estimate.low is None or estimate.high is None:
        return ""
    here, low, high = (band_of(value) for value in (estimate.level, estimate.low, estimate.high))
    if low.code == high.code:
        return here.name
    if low.code == here.code:
        return gettext("{here}，可能已到{high}", here=here.name, high=high.name)
    if high.code == here.code:
        return gettext("{here}，也可能在{low}", here=here.name, low=low.name)
    return gettext("{here}，可能在{low}到{high}之间", here=here.name, low=low.name, high=high.name)


def unsure(estimate: Estimate) -> str:
    """Why there is no level, or why its interval is as wide as it is."""
    if estimate.state is State.NONE:
        return gettext("还没有记录对应到这里。空白不等于低。")
    if estimate.state is State.RECORD:
        return gettext("只列学习记录和认定的事实，不打分、不排名。")
    causes = gettext("；").join(_cause(doubt, estimate) for doubt in why_unsure(estimate))
    if estimate.state is State.THIN:
        return gettext("先不下判断：{causes}。", causes=causes or gettext("折算后的证据太少"))
    if causes:
        return gettext("为什么不够稳：{causes}。", causes=causes)
    if (estimate.high or 0) - (estimate.low or 0) >= WIDE:
        return gettext("区间仍宽：各条证据说法不一，或者各指标差别大。")
    return gettext("{n} 条证据、{m} 个平台，估计比较稳。", n=estimate.n, m=estimate.sources)


def _cause(doubt: Doubt, estimate: Estimate) -> str:
    return {
        "few": gettext("证据少（{n} 条，折合权重 {w}）", n=estimate.n, w=format.decimal(estimate.weight)),
        "one_sided": gettext("来源单一（{n} 个平台）", n=estimate.sources),
        "old": gettext("证据旧（最近一条在 {n} 个月前）", n=f"{doubt.number:.0f}")
        if estimate.last
        else gettext("证据没有日期，不能折算"),
        "mixed": gettext(
            "对应不专（课程平均只有 {share} 对应这里）", share=format.percent(estimate.alignment, 0)
        ),
    }[doubt.code]


def _list(names: Sequence[str]) -> str:
    return gettext("、").join(names)
