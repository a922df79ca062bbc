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
    "登记库里还没有这些课程代码：{codes}（记录已保存，课程接入后即可对上）",
    "登记库里还没有这些班次代码：{codes}（记录已保存，班次接入后即可对上）",
    "{n} 行的人员还认不出：第 {rows} 行，列 {column}（记录已保存，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行等，列 {column}（记录已保存，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行，列 {column}（学员已登记，教师名册接入后自动对上）",
    "{n} 行的人员还认不出：第 {rows} 行等，列 {column}（学员已登记，教师名册接入后自动对上）",
    "这个来源有 {n} 个账号拿不准是谁，在“身份合并”等人确认（portrait identity list）",
    "同样的内容已作为第 {n} 号批次接入，没有新的行",
)
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
