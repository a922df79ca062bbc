"""What happens to a sheet that no mapping knows: proposed anew when its place is chosen, read again when a column is, saved under a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dash import ALL, Input, Output, State, ctx, html, no_update

from dashboards.incident import incident
from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part.admin import desk
from dashboards.part.admin.sketch import choice_name, sketch_form, sketch_preview, sketch_status, sketch_words
from dashboards.part.admin.word import field_name
from portrait.errors import InputError, PortraitError
from portrait.intake.bearer import site_people
from portrait.intake.deed import MOST, kind_of
from portrait.intake.draft import Draft, choices
from portrait.intake.layout import EVERY_SHEET
from portrait.intake.propose import propose
from portrait.intake.reader import format_of
from portrait.intake.sheet import sheet_names
from portrait.intake.sketch import save, site_lists, tried
from portrait.intake.target import TARGETS
from portrait.intake.upload import choose, upload_of
from portrait.sentence import sentence, without
from portrait.source import source_titles
from portrait.store.catalogue import listing
from portrait.store.name import school_names

_LONGEST = 200  # characters of anything that a form says


def sketch_body(context: Context, said: Mapping[str, str] | None = None) -> list[Any]:
    """The form for one of the waiting files; `said` is what was chosen of file, sheet, header and target."""
    chosen = {part: str(value)[:_LONGEST] for part, value in (said or {}).items() if value}
    files = {file.name: file for file in upload_of(context.site.settings.home, context.actor.user_id).files}
    sheets = [name for name in files if _tabular(name)]
    if not sheets:
        return [
            html.P(
                gettext("只有 CSV 和 Excel 工作簿能按表头提出映射；别的文件请选一个来源。"),
                className="said bad",
            )
        ]
    file = files[chosen["file"]] if chosen.get("file") in sheets else files[sheets[0]]
    try:
        return _form(context, file, sheets, chosen)
    except PortraitError as error:
        told = without(error.message, str(file.parent), sentence("上传的文件"))
        return [html.P(gettext(told), className="said bad")]
    except Exception as error:  # another source can still be chosen, the file given up
        number = incident(error)
        return [html.P(gettext("问题已经记录，编号 {number}。", number=number), className="said bad")]


def _form(context: Context, file: Path, names: Sequence[str], chosen: Mapping[str, str]) -> list[Any]:
    book = sheet_names(file, file.name) if format_of(file.name) == "xlsx" else []
    sheet, header = chosen.get("sheet", ""), chosen.get("header", "")
    every = sheet in ("", EVERY_SHEET) or sheet not in book
    header = header if header[:1].isdigit() else ""
    proposals = propose(
        file,
        file.name,
        sheet="" if every else sheet,
        header=header,
        target=chosen.get("target", ""),
        schools=lambda: school_names(context.site.registry),
        lists=site_lists(context.site),
        people=site_people(context.site),
    )
    found = next((one for one in proposals if not one.refused), proposals[0])
    titles = source_titles(context.site.settings.home)
    there = {
        field: {source: titles.get(source, source) for source in listing(context.site.registry)[thing]}
        for field, thing in (("course_source", "course"), ("class_source", "class"))
    }
    return sketch_form(file, names, book, found, tried(context.site, file, found.draft), there)


def _tabular(name: str) -> bool:
    try:
        return format_of(name) in ("csv", "xlsx")
    except InputError:
        return False


def drafted(
    columns: Any,
    about: Any,
    picks: Sequence[Any],
    scales: Sequence[Any],
    fixed: Mapping[str, Any],
    named: Mapping[str, Any],
    words: Mapping[str, Any] | None = None,
) -> Draft:
    """The draft that a form says. What is not a text is nothing; whether the words fit is checked where it is used. `words` are the
    kinds chosen for what stands in the column of kinds, by "column:place": None is passed over, what is not there yet is guessed."""
    listed = [str(name)[:_LONGEST] for name in columns] if isinstance(columns, list) else []
    told = about if isinstance(about, dict) else {}
    chosen = ["" if pick in (None, "-") else _text(pick) for pick in picks]
    fill, key = told.get("fill_down"), told.get("key")
    return Draft(
        name=_text(named.get("name")),
        source=_text(named.get("source")),
        title=_text(named.get("title")) or _text(named.get("name")),
        file=_text(told.get("pattern")) or "*",
        target=_text(told.get("target")),
        header=_text(told.get("header")) or "auto",
        sheet=_text(told.get("sheet")),
        picks=dict(zip(listed, chosen, strict=False)),
        scales={column: full for column, one in zip(listed, scales, strict=False) if (full := _text(one))},
        fixed={name: _text(value) for name, value in fixed.items() if _text(value)},
        fill_down=tuple(_text(one) for one in fill if one in listed) if isinstance(fill, list) else (),
        year=_text(named.get("year")),
        heading=_heading(told.get("heading")),
        named=_text(told.get("named")),
        key=tuple(_text(one) for one in key if one in listed and not _used(chosen, listed, one))
        if isinstance(key, list)
        else (),
        words=_words(listed, chosen, told.get("words"), words or {}),
    )


def _used(chosen: Sequence[str], listed: Sequence[str], column: str) -> bool:
    """Whether a column has been made a field, which says itself what it is for."""
    return bool(dict(zip(listed, chosen, strict=False)).get(column))


def _words(
    listed: Sequence[str], chosen: Sequence[str], there: Any, words: Mapping[str, Any]
) -> dict[str, str]:
    """What stands in the column of kinds → kind."""
    place = next((place for place, pick in enumerate(chosen) if pick == "kind"), -1)
    said = there.get(listed[place]) if 0 <= place < len(listed) and isinstance(there, dict) else None
    texts = [_text(one) for one in said][:MOST] if isinstance(said, list) else []
    return {
        word: _text(words[at]) if (at := f"{place}:{number}") in words else kind_of(word)
        for number, word in enumerate(texts)
        if word
    }


def _changed(draft: Draft, columns: Any, id: Any) -> str:
    """What was changed last, in words."""
    part = id if isinstance(id, dict) else {}
    place = part.get("column")
    if not part:
        return ""  # the table of kinds has gone
    if part.get("type") == "sketch-word":
        return gettext("每个值是哪种记录")
    if isinstance(place, int) and isinstance(columns, list) and 0 <= place < len(columns):
        column = _text(columns[place])
        pick = draft.picks.get(column, "")
        known = pick in choices(draft.target) if draft.target in TARGETS else False
        what = choice_name(draft.target, pick) if known else gettext("不用这一列")
        return gettext("“{column}”是{what}", column=column, what=what)
    field = _text(part.get("field"))
    return field_name(draft.target, field) if field else gettext("名字和年份")


def _by_id(ids: Any, key: str, values: Any) -> dict[str, Any]:
    """The values of a pattern's components by what tells them apart. A forged request may have them in any shape."""
    if not isinstance(ids, list) or not isinstance(values, list):
        return {}
    return {
        str(one.get(key)): value for one, value in zip(ids, values, strict=False) if isinstance(one, dict)
    }


def _text(value: Any) -> str:
    return " ".join(value.split())[:_LONGEST] if isinstance(value, str) else ""


def _heading(value: Any) -> str:
    """What stands above the table, as it stands there: a school is looked for in it."""
    return value[: 2 * _LONGEST] if isinstance(value, str) else ""


def register_sketch(
    app: Any, context: Callable[[], Context], panel: Callable[[Context], tuple[Any, ...]]
) -> None:
    """`panel(context)` draws what stands on the page once a mapping has been saved."""
    # What the form says, each part by its id.
    parts = (
        {"type": "sketch-pick", "column": ALL},
        {"type": "sketch-scale", "column": ALL},
        {"type": "sketch-fixed", "field": ALL},
        {"type": "sketch-name", "part": ALL},
        {"type": "sketch-word", "word": ALL},
    )
    values = [one for part in parts for one in (State(part, "value"), State(part, "id"))]
    states = (State("sketch-columns", "data"), State("sketch-about", "data"))

    def said(here: Context, columns: Any, about: Any, listed: Sequence[Any]) -> tuple[Path, Draft]:
        """The file and the draft that the form means; `listed` are values and ids of each of `parts`."""
        keys = ("column", "column", "field", "part", "word")
        picked, scaled, fixed, named, words = (
            _by_id(listed[2 * n + 1], key, listed[2 * n]) for n, key in enumerate(keys)
        )
        places = range(len(columns) if isinstance(columns, list) else 0)
        draft = drafted(
            columns,
            about,
            [picked.get(str(place)) for place in places],
            [scaled.get(str(place)) for place in places],
            fixed,
            named,
            words,
        )
        name = about.get("file") if isinstance(about, dict) else ""
        waiting = upload_of(here.site.settings.home, here.actor.user_id).files
        file = next((file for file in waiting if file.name == name), None)
        if file is None:
            raise InputError("这个文件已经不在等待接入的文件里了")
        return file, draft

    @app.callback(
        Output("sketch", "children"),
        Input({"type": "sketch-place", "part": ALL}, "value"),
        State({"type": "sketch-place", "part": ALL}, "id"),
        State("sketch-about", "data"),
        prevent_initial_call=True,
    )
    def place(values: list[Any], ids: list[dict[str, Any]], about: Any) -> Any:
        here = context()
        told = about if isinstance(about, dict) else {}
        chosen = {part: _text(value) for part, value in _by_id(ids, "part", values).items()}
        part = str(ctx.triggered_id["part"]) if ctx.triggered_id else ""
        # A control that merely appears says again what is so already.
        if not part or chosen.get(part, "") == _text(told.get("shown" if part == "sheet" else part)):
            return no_update
        if part == "file":
            chosen = {"file": chosen.get("file", "")}
        elif part in ("sheet", "header"):
            chosen.pop("target", None)
        if part == "sheet":
            chosen.pop("header", None)
        return sketch_body(here, chosen)

    @app.callback(
        Output("sketch-preview", "children"),
        Output("sketch-status", "children"),
        *(Input(part, "value") for part in parts),
        *values,
        *states,
        running=[
            (Output("sketch-status", "className"), "sketch-status busy", "sketch-status"),
            (Output("sketch-preview", "className"), "stack-tight stale", "stack-tight"),
        ],
        prevent_initial_call=True,
    )
    def change(*given: Any) -> Any:
        here = context()
        *listed, columns, about = given[len(parts) :]
        file, draft = said(here, columns, about, listed)
        found = tried(here.site, file, draft)
        return sketch_preview(found), sketch_status(found, _changed(draft, columns, ctx.triggered_id))

    @app.callback(
        Output("sketch-words", "children"),
        Input(parts[0], "value"),
        *values,
        *states,
        prevent_initial_call=True,
    )
    def table(*given: Any) -> Any:
        """The table of what stands in a column, when that column becomes the one of kinds."""
        here = context()
        *listed, columns, about = given[1:]
        _, draft = said(here, columns, about, listed)
        there = {str(one.get("word")).partition(":")[0] for one in listed[-1] if isinstance(one, dict)}
        place = next((str(n) for n, one in enumerate(draft.picks.values()) if one == "kind"), "")
        # What has been chosen stays as long as it is about the same column.
        if there == ({place} if place else set()):
            return no_update
        return sketch_words(draft, list(draft.picks))

    @app.callback(
        Output("intake-panel", "children", allow_duplicate=True),
        Output("intake-progress", "children", allow_duplicate=True),
        Output("intake-tick", "disabled", allow_duplicate=True),
        Output("intake-phase", "data", allow_duplicate=True),
        Output("sketch-said", "children"),
        Input("sketch-save", "n_clicks"),
        *values,
        *states,
        State({"type": "sketch-over", "part": ALL}, "checked"),
        prevent_initial_call=True,
    )
    def keep(clicks: Any, *given: Any) -> Any:
        here = context()
        if not clicks:
            return (no_update,) * 5
        desk.idle(here)
        try:
            *listed, columns, about, over = given
            _, draft = said(here, columns, about, listed)
            mapping = save(here.site, draft, over=bool(over and over[0]))
        except PortraitError as error:
            return (*(no_update,) * 4, html.P(gettext(error.message), className="said bad"))
        here.note(
            "mapping", f"mapping:{mapping.name}", reason=sentence("保存映射 {label}", label=mapping.label)
        )
        choose(here.site.settings.home, here.actor.user_id, mapping.name)
        desk.look_again(here)
        return (*panel(here), no_update)
