"""The reasons of a recommendation in words, each with its part of the score."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.figure.scale import band_of
from dashboards.language import gettext
from dashboards.part import code_name, format
from dashboards.part.name import node_name
from models.recommendation import Reason, Recommendation, Why
from portrait.portrait import State
from portrait.resource import read_code

PAST = 2  # courses named in one reason


def reason_lines(found: Recommendation, titles: Mapping[int, str]) -> list[tuple[str, str]]:
    """Each reason and its share of the score (“45%”, empty for what adds nothing), greatest first."""
    return [
        (
            said,
            format.percent(reason.points / found.score, 0) if reason.points > 0 and found.score > 0 else "",
        )
        for reason in found.because
        if (said := reason_words(reason, titles))
    ]


def reason_words(reason: Reason, titles: Mapping[int, str]) -> str:
    return {
        Why.GAP: _gap,
        Why.DIAGNOSE: _diagnose,
        Why.HISTORY: _history,
        Why.POPULAR: _popular,
        Why.STAGE: _stage,
        Why.NOVELTY: _novelty,
    }[reason.why](reason, titles)


def _gap(reason: Reason, _titles: Mapping[int, str]) -> str:
    estimate = reason.estimate
    if estimate is None or estimate.level is None:
        return gettext("补{name}", name=node_name(reason.indicator))
    return gettext(
        "补差距：{name}现在 {level}（{interval}，{band}，{n} 条证据），标准 {standard}",
        name=node_name(reason.indicator),
        level=format.level(estimate.level),
        interval=format.interval(estimate.low, estimate.high),
        band=band_of(estimate.level).name,
        n=estimate.n,
        standard=format.level(reason.standard),
    )


def _diagnose(reason: Reason, _titles: Mapping[int, str]) -> str:
    estimate = reason.estimate
    if estimate is not None and estimate.state is State.THIN:
        return gettext(
            "先诊断：{name}只有 {n} 条证据，还不下判断", name=node_name(reason.indicator), n=estimate.n
        )
    return gettext("先诊断：{name}还没有证据，不当作低", name=node_name(reason.indicator))


def _history(reason: Reason, titles: Mapping[int, str]) -> str:
    past = gettext("、").join(
        gettext(
            "《{title}》（{share}）", title=titles.get(one.course_id, "?"), share=format.percent(one.share, 0)
        )
        for one in reason.past[:PAST]
        if one.course_id in titles
    )
    if not past:
        return gettext("和您学过同样课程的老师常选它")
    return gettext("学过{past}的老师常接着学它", past=past)


def _popular(reason: Reason, _titles: Mapping[int, str]) -> str:
    if reason.codes:
        return gettext(
            "{stage}的 {of} 位老师里有 {n} 位学过",
            stage=code_name("stages", reason.codes[0]),
            of=reason.of,
            n=reason.count,
        )
    return gettext("{of} 位老师里有 {n} 位学过", of=reason.of, n=reason.count)


def _stage(reason: Reason, _titles: Mapping[int, str]) -> str:
    names = [
        code_name("stages" if code in read_code("stages") else "subjects", code) for code in reason.codes
    ]
    return (
        gettext("正对您教的{names}", names=gettext("、").join(names))
        if names
        else gettext("面向各学段、各学科")
    )


def _novelty(_reason: Reason, _titles: Mapping[int, str]) -> str:
    return gettext("和您学过的课不重样")
