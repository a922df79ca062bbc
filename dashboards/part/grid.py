"""AG Grid Community with our look, Chinese words and tabular numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag

from dashboards.language import current

_ENGLISH = {"noRowsToShow": "No records", "noMatchingRows": "No rows match"}

_THEME = (
    "themeQuartz.withParams({fontFamily: 'inherit', fontSize: 14, headerFontSize: 13, headerFontWeight: 600,"
    " accentColor: '#0b8f63', borderColor: '#dfe4e9', headerBackgroundColor: '#f6f8fa', foregroundColor: '#1c2733',"
    " wrapperBorderRadius: 8, rowHeight: 42, headerHeight: 42, columnBorder: false, browserColorScheme: 'light'})"
)

_WORDS = {
    # The measure words around the numbers are in assets/shell.css.
    "page": "第", "more": "更多", "to": "至", "of": "共", "next": "下一页", "last": "末页", "first": "首页",
    "previous": "上一页", "nextPage": "下一页", "lastPage": "末页", "firstPage": "首页", "previousPage": "上一页",
    "pageSizeSelectorLabel": "每页", "loadingOoo": "加载中…", "noRowsToShow": "没有记录", "noMatchingRows": "没有相符的行",
    "ariaPageSizeSelectorLabel": "每页行数", "pageLastRowUnknown": "?", "filterOoo": "筛选…", "equals": "等于",
    "notEqual": "不等于", "lessThan": "小于", "greaterThan": "大于", "lessThanOrEqual": "不大于",
    "greaterThanOrEqual": "不小于", "inRange": "介于", "inRangeStart": "从", "inRangeEnd": "到", "contains": "包含",
    "notContains": "不含", "startsWith": "开头是", "endsWith": "结尾是", "blank": "为空", "notBlank": "不为空",
    "empty": "选一项", "before": "早于", "after": "晚于", "andCondition": "并且", "orCondition": "或者",
    "dateFormatOoo": "年-月-日", "applyFilter": "应用", "resetFilter": "重置", "clearFilter": "清除",
    "cancelFilter": "取消", "textFilter": "文字筛选", "numberFilter": "数字筛选", "dateFilter": "日期筛选",
    "searchOoo": "搜索…", "selectAll": "全选", "blanks": "（空）", "noMatches": "没有相符的", "true": "是", "false": "否",
    "sortAscending": "升序", "sortDescending": "降序", "sortUnSort": "不排序", "pinColumn": "固定列",
    "pinLeft": "固定在左", "pinRight": "固定在右", "noPin": "不固定", "autosizeThisColumn": "本列适应宽度",
    "autosizeAllColumns": "各列适应宽度", "resetColumns": "恢复各列", "copy": "复制", "export": "导出",
    "ariaSortableColumn": "按回车排序", "ariaMenuColumn": "按 ALT 下 打开列菜单", "ariaFilterColumn": "按 CTRL 回车 打开筛选",
    "ariaLabelColumnMenu": "列菜单", "ariaLabelColumnFilter": "列筛选", "ariaRowSelect": "按空格选中本行",
    "ariaColumnFiltered": "本列已筛选", "ariaFilterInput": "筛选内容", "ariaFilterValue": "筛选值",
    "ariaFilteringOperator": "筛选方式", "ariaFilterMenuOpen": "打开筛选", "ariaSearch": "搜索",
}  # fmt: skip

# The first size is told before the listeners are there: the first state comes after it.
_RESIZED = ("stateUpdated", "gridSizeChanged")


def grid(
    id: Any,
    columns: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    *,
    height: int | None = None,
    page_size: int = 20,
    options: Mapping[str, Any] | None = None,
    title: str = "",
    spare: Sequence[str] = (),
    **more: Any,
) -> Any:
    """A data grid. `columns` are AG Grid column definitions; a column with `"type": "numericColumn"` is set right.

    Without `height` the grid is as high as its rows (up to a page of them). On a phone each row is a card with all
    columns in it, headed by the field `title` (else by the first column). Where the screen has no room for all columns,
    those in `spare` give way, the first of them first (assets/grid.js).
    """
    paged = len(rows) > page_size
    settings: dict[str, Any] = {
        "theme": {"function": _THEME},
        "pagination": paged,
        "paginationPageSize": page_size,
        "paginationPageSizeSelector": [page_size, page_size * 2, page_size * 5] if paged else False,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "animateRows": False,
        "suppressColumnVirtualisation": True,
        # On a phone all columns are hidden but the card that holds them.
        "includeHiddenColumnsInQuickFilter": True,
        "localeText": _WORDS if current() == "zh" else _ENGLISH,
        **({} if height else {"domLayout": "autoHeight"}),
        **(options or {}),
    }
    return dag.AgGrid(
        id=id,
        columnDefs=[*(dict(column) for column in columns), _card_column(columns, title)],
        rowData=[dict(row) for row in rows],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "minWidth": 112,
            # Guessed from the first row, a column of days would show a word in it (“从未”, “无日期”) as nothing.
            "cellDataType": False,
            **more.pop("defaultColDef", {}),
        },
        dashGridOptions=settings,
        columnSize=more.pop("columnSize", "responsiveSizeToFit"),
        style={"width": "100%", "height": height} if height else {"width": "100%", "height": None},
        className="grid",
        eventListeners={event: [f"portraitFit(params, {json.dumps(list(spare))})"] for event in _RESIZED},
        **more,
    )


def _card_column(columns: Sequence[Mapping[str, Any]], title: str) -> dict[str, Any]:
    """The column that stands alone on a phone: a card made of all the others that are not hidden for good."""
    shown = [column for column in columns if not column.get("hide")]
    heads = sorted(
        shown, key=lambda column: column["field"] != title
    )  # stable: the title first, the rest as they were
    searched = any(column.get("filter") for column in columns)
    return {
        "colId": "card",
        "field": heads[0]["field"],
        "headerName": heads[0]["headerName"],
        "initialHide": True,
        "flex": 1,
        "minWidth": 200,
        "sortable": False,
        "autoHeight": True,
        "wrapText": True,
        "cellClass": "wrapped",
        "cellRenderer": "PortraitCard",
        "cellRendererParams": {
            "columns": [
                {
                    "field": column["field"],
                    "name": column["headerName"],
                    "wide": bool(column.get("wrapText") and column.get("flex")),
                }
                for column in heads
            ]
        },
        **({"filter": True, "filterValueGetter": {"function": "portraitWords(params)"}} if searched else {}),
    }
