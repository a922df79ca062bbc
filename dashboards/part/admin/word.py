"""Words for what stands as a code in the ledger: sources, states, targets, fields, reasons of quarantine."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.language import gettext
from portrait.intake.target import TARGETS
from portrait.site import Site
from portrait.source import source_titles

REASONS = {
    "missing": "缺少必填的值",
    "no_match": "对照文件里没有",
    "not_a_number": "不是数字",
    "not_a_duration": "不是时长",
    "out_of_range": "超出范围",
    "bad_time": "日期或时间不对",
    "no_year": "时间里没有年份",
    "lost_digits": "号码的末几位已丢失",
    "mistake": "表格软件的错误值",
    "no_scale": "有得分没有满分",
    "beyond_scale": "得分超出满分",
    "unknown_value": "取值表里没有",
    "unknown_code": "代码表里没有",
    "unknown_kind": "没有这种记录",
    "unknown_school": "学校代码未登记",
    "unknown_provider": "机构代码未登记",
    "unknown_course": "课程代码未登记",
    "unknown_class": "班次代码未登记",
    "not_boolean": "不是“是”或“否”",
    "too_long": "太长",
    "bad_staff": "继教编号不对",
    "bad_mail": "邮箱不对",
    "bad_phone": "手机号不对",
    "bad_idno": "身份证号不对",
    "bad_native": "平台账号不对",
    "bad_mbox_sha1sum": "邮箱的 SHA-1 不对",
    "bad_openid": "OpenID 不对",
    "bad_account": "平台网址和账号不对",
    "bad_triple": "姓名、学校和出生日期不对",
    "taken": "与同一文件的另一人冲突",
    "ragged_row": "列数与表头不同",
    "unpaired_quote": "引号没有配对",
    "passed": "现在归别的流",
    "gone": "原来的位置读不到",
    "bad_json": "不是 JSON 对象",
}
# What the ledger says of a batch in the language of the machine: kept as a text, told again by its template.
MESSAGES = (
    "没有读的工作表（没有这些列）：{names}",
    "略过 {n} 行：{what}",
    "文件只有表头，没有数据行",
    "{n} 个网址按最后一段认作来源 {other} 的课程，如 {address} 认作 {code}",
    "登记库里还没有这些课程代码：{codes}（记录已保存，课程接入后即可对上）",
    "登记库里还没有这些班次代码：{codes}（记录已保存，班次接入后即可对上）",
    "{n} 行的人员还认不出：第 {rows} 行，列 {column}（记录已保存，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行等，列 {column}（记录已保存，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行，列 {column}（学员已登记，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行等，列 {column}（学员已登记，教师名册接入后自动对上）",
    "这个来源有 {n} 个账号拿不准是谁，在“身份合并”等人确认（portrait identity list）",
    "同样的内容已作为第 {n} 号批次接入，没有新的行",
)
# What a reason means, for readers whose language the row's own sentence is not in.
MEANINGS = {
    "missing": "这一格必须有值，现在是空的。",
    "no_match": "对照的文件里找不到这一行的键。",
    "not_a_number": "应为数字。",
    "not_a_duration": "应为时长，例如 80 分钟或 1:20:00。",
    "out_of_range": "数值不在允许的范围内。",
    "bad_time": "应为日期或时间，按映射写的格式，年份要合理。",
    "no_year": "时间里没有年份，映射也没有说是哪一年。",
    "lost_digits": "表格软件把号码当作数字，末几位已经丢失；请把那一列设成文本重新导出。",
    "mistake": "格子里是表格软件的错误值，应为算出来的内容。",
    "no_scale": "有得分就要有满分，满分应大于 0。",
    "beyond_scale": "得分应在 0 到满分之间。",
    "unknown_value": "映射的取值表里没有这个值。",
    "unknown_code": "代码表里没有这个代码或名称。",
    "unknown_kind": "没有这种记录。",
    "unknown_school": "登记库里还没有这所学校，先导入学校名单。",
    "unknown_provider": "登记库里还没有这个机构，先导入机构名单。",
    "unknown_course": "登记库里还没有这门课程，先导入课程目录。",
    "unknown_class": "登记库里还没有这个班次，先导入班次。",
    "not_boolean": "应为 是 或 否（也可写 1/0、true/false）。",
    "too_long": "文字太长。",
    "bad_staff": "继教编号的写法不对。",
    "bad_mail": "应为邮箱地址，形如 名字@域名。",
    "bad_phone": "应为 11 位手机号。",
    "bad_idno": "身份证号的位数、日期或校验位不对。",
    "bad_native": "平台账号应为 1 到 120 个字。",
    "bad_mbox_sha1sum": "应为 40 位十六进制数。",
    "bad_openid": "应为网址，形如 https://域名/…。",
    "bad_account": "应为 平台网址|账号。",
    "bad_triple": "应为 姓名|学校|出生日期（出生日期可空）。",
    "taken": "同一个号码在这个文件里已经属于另一个人。",
    "ragged_row": "这一行的格数和表头的列数不一样。",
    "unpaired_quote": "引号没有配对。",
    "passed": "现在的映射不选这一行；不要它就作废。",
    "gone": "按现在的映射在原来的位置读不到这一行，表名、表头行或格式可能改过。",
    "bad_json": "这一行不是一个 JSON 对象。",
}
BATCH_VIEWS = {
    "failed": "失败的",
    "stored": "有入库的",
    "duplicate": "有重复的",
    "quarantined": "有隔离的",
    "unmatched": "有认不出人的",
    "doubtful": "有存疑的",
    "late": "有迟到的",
    "unlisted": "有课程不在目录里的",
}
SIGNALS = {
    "silent": "停了",
    "unmatched": "认不出人",
    "duplicate": "重复",
    "quarantined": "隔离",
    "failed": "失败",
    "late": "迟到",
    "doubtful": "存疑",
    "unlisted": "课程对不上",
}
REPAIRS = {
    "group-activity": "GroupActivity 当作 Activity",
    "bare-uuid": "光是 UUID 的活动编号补上 urn:uuid:",
    "null": "去掉值为 null 的属性",
    "empty": "去掉要求有格式却为空的属性",
    "mailto": "邮箱补上 mailto:",
    "time-separator": "日期和时间之间的空格改成 T",
    "time-zone": "没有时区的时间当作 UTC",
    "language-tag": "语言标签的下划线改成连字符",
}
BATCH_STATES = {"running": "未完成", "done": "完成", "failed": "失败"}
QUESTION_TABS = {"waiting": "等待确认", "later": "以后再说", "history": "历史和撤销"}
ROW_STATES = {"open": "等待处理", "replayed": "已重放", "dismissed": "不再处理"}


def source_name(site: Site, source: str) -> str:
    """A platform's title without what its mapping adds in brackets; its code where no mapping names it."""
    return gettext(source_titles(site.settings.home).get(source, source).split("（")[0])


def reason_name(code: str) -> str:
    return gettext(REASONS[code]) if code in REASONS else code


def reasons_text(codes: Iterable[tuple[str, int]]) -> str:
    """“日期或时间不对 9、不是数字 4”."""
    return gettext("、").join(f"{reason_name(code)} {n}" for code, n in codes)


def target_name(target: str) -> str:
    return gettext(TARGETS[target].zh) if target in TARGETS else target


def field_name(target: str, name: str) -> str:
    found = TARGETS[target].field(name) if target in TARGETS else None
    return gettext(found.zh) if found else name
