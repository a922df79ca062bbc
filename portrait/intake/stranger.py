"""What a batch says of rows whose people nobody knows: that a roster will tell, or, when there is one, that it does not and where to look."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from portrait.identifier import KIND_NAME
from portrait.intake.program import Program
from portrait.record import row_of
from portrait.sentence import Sentence, sentence
from portrait.store.batch import Counts
from portrait.store.bearer import anybody, unknown_accounts


def strangers_told(
    connection: Connection, program: Program, counts: Counts, strange: Sequence[int]
) -> Sentence:
    """Which rows are nobody's, and what is to be done. `strange` are the first of them."""
    account = program.lookups["account"]
    if anybody(connection):
        return sentence(
            "{n} 行的人员认不出：第 {rows} 行{more}，列 {column}（已经保存，但接入的名册里没有这样的{kinds}：名册补上就自动对上，"
            "映射读错了种类的改好再导入一次。这个来源认不出的账号共 {m} 个，见 portrait identity list --unknown --source {source}）",
            n=counts.rows_unmatched,
            rows=list(dict.fromkeys(map(row_of, strange))),
            more=sentence("等") if counts.rows_unmatched > len(strange) else "",
            column="、".join(account.expression.columns) or "account",
            kinds=[sentence(KIND_NAME[kind]) for kind in account.kinds],
            m=unknown_accounts(connection, program.mapping.source),
            source=program.mapping.source,
        )
    said = {
        (True, True): sentence("{n} 行的人员还认不出：第 {rows} 行等，列 {column}（记录已保存，教师名册接入后自动对上）"),
        (True, False): sentence("{n} 行的人员还认不出：第 {rows} 行，列 {column}（记录已保存，教师名册接入后自动对上）"),
        (False, True): sentence("{n} 行的人员还认不出：第 {rows} 行等，列 {column}（学员已登记，教师名册接入后自动对上）"),
        (False, False): sentence("{n} 行的人员还认不出：第 {rows} 行，列 {column}（学员已登记，教师名册接入后自动对上）"),
    }[program.stream.target.name == "record", counts.rows_unmatched > len(strange)]  # fmt: skip
    return sentence(
        said,
        n=counts.rows_unmatched,
        rows=list(dict.fromkeys(map(row_of, strange))),
        column="、".join(program.lookups["account"].expression.columns) or "account",
    )
