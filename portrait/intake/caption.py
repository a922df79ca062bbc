"""What of the text above a table names the thing: the title without the frame of the form (who filled it in and when, telephone,
stamp, pages, head counts, that it is corrected), which is another whenever the sheet is sent again.

Records are known by it. Whoever adds a word here gives sheets with that word another name: `portrait.intake.former` finds again what
came in under the longer one, and only where a mapping has another column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LONGEST = 200  # characters of what stands above a table
_READ = 1000  # characters of a cell that are looked at
_YEAR = r"(?:(?:19|20)\d\d ?[年./-] ?)"
_CLOCK = r"(?: ?(?:上午|下午|晚上)? ?\d{1,2} ?[:：时点] ?\d{0,2}(?: ?[:：分] ?\d{0,2})?秒?)"
_DIGITS = "[〇○零一二三四五六七八九十]"
# One whole day, and no end of a span of them: 2022年1月至6月 is what a sheet is of.
_DAY = (
    rf"(?>{_YEAR}?\d{{1,2}} ?[月./-] ?\d{{1,2}}(?!\d)(?: ?[日号])?{_CLOCK}?"
    rf"|(?:19|20)\d\d[ \u3000_]*年[ \u3000_]*\d{{1,2}}[ \u3000_]*月[ \u3000_]*\d{{1,2}}[ \u3000_]*日"
    rf"|(?:19|20)\d{{6}}(?!\d)|{_DIGITS}{{4}}年{_DIGITS}{{1,2}}月{_DIGITS}{{1,3}}日)"
    r"(?! ?(?:[-—–~～至到、及和] ?\d|[年月份.]))"
)
_BLANK_DATE = r"(?:(?:(?:19|20)\d{0,2})?[ \u3000_]*年[ \u3000_]*(?:\d{0,2}[ \u3000_]*月[ \u3000_]*日|月(?![\u4e00-\u9fff\d])))"
# What is done to a form, beside what it is about. 提交 and 发布 are said of homework too.
DONE = (
    "填报|填表|填写|填制|制表|打印|印制|导出|统计|汇总|报送|上报|呈报|报表|报出|生成|下载|更新|修改|修订|更正|订正|补报|重报"
    "|审核|审批|审定|复核|核对|核准|校对|录入|登记|登分|登统|经办|编制|造表|造册|备案"
)
_WHO = "人员|教师|老师|单位|部门|机构|学校|人|员|者"
_STAMP = r"[（(](?:加?盖?公?章|盖章|签章|签字|签名|手签)[）)]"
# 负责人 may be who leads what the sheet is of: it stays.
_SIGNED = (
    "(?:项目|培训|活动|单位|学校|班级|办公)?(?:联系电话|联系人|联系方式)|(?:办公|项目|培训|活动|单位|学校)?(?:电话|传真)|咨询电话|固定电话|手机号码?"
    "|电子邮箱|邮箱|通讯地址|联系地址|邮编|邮政编码|单位负责人|主管领导|分管领导|领导签字|校长签字|班主任签字|教师签字|签章|盖章|公章|经办人|版本号?|版次"
)
# Said before a title they say that it is one that comes again.
_BEFORE = "更正|订正|补报|重报|更新|修改|修订"
_GAP = r" \t\n\u3000,，、;；|｜/·。_（(）)\[\]【】:："
_AT = rf"(?:^|(?<=[{_GAP}])|(?<=\d[日号]))"  # elsewhere 教育统计人员 is whom the sheet is of
_ABOUT = "(?:本表|表格|数据|信息|成绩)?"
_WHEN = rf"{_ABOUT}(?:{DONE})(?:日期|时间|日)(?:{_STAMP})?"
_PERIOD = r"[ \u3000]*(?:\d|第|[上下]半年|[上下]学期|[春夏秋冬]季|[一二三四]季度)"
_SAID = (
    rf"(?:{_AT}(?:{_ABOUT}(?:{DONE})(?:{_WHO})(?:签字|签名)?(?:{_STAMP})?"
    rf"|(?!{_BEFORE})(?:{DONE})(?:{_STAMP})?(?=[ \u3000]*[:：][ \u3000]*(?:{_DAY}|(?!{_PERIOD}))))"
    rf"|{_AT}(?:{_SIGNED})(?=[ \u3000]*[:：])|^(?:(?!{_BEFORE})(?:{DONE})|{_SIGNED})(?=$)"
    rf"|(?:填报|报送|承训|培训|主办|承办|所在|工作|派出|选派)?(?:单位|学校|部门|机构|负责人|领导|校长|主任)[ \u3000]*{_STAMP})"
)
_LABEL = rf"(?:{_WHEN}(?=[ \u3000]*[:：])|{_AT}{_WHEN}|{_SAID})"
_NEXT = r"[\u4e00-\u9fff]{2,10}[ \u3000]*[:：]"
_WEEKDAY = rf"(?: ?[（(]?(?:星期|周)[一二三四五六日天][）)]?{_CLOCK}?)?"
# What was filled in goes to the next thing to be filled in, the end of the line, or more words. A date ends where it ends, and what
# is no whole day is a term or a month that the sheet is of.
_FILLED = re.compile(
    rf"(?:{_WHEN}[ \u3000]*[:：]|{_AT}{_WHEN}(?:[ \u3000]*[于在])?)[ \u3000]*"
    rf"(?:{_BLANK_DATE}|{_DAY}{_WEEKDAY}(?=$|[{_GAP}]|{_LABEL})|(?=$|[ \u3000\n）)]))"
    rf"|{_SAID}[ \u3000]*(?:[:：]|[于在]?(?={_DAY}{_WEEKDAY}(?:$|[{_GAP}])|{_BLANK_DATE})|$)[ \u3000]*"
    rf"(?:{_BLANK_DATE}|{_DAY}|.*?(?={_LABEL}|[ \u3000,，、;；|]{_NEXT}|[ \u3000]+(?:[\u4e00-\u9fff]{{3,}}|第|(?!{_DAY})(?:19|20)\d\d)|备注|说明|[\n）)】]|$))"
)
_DATED = re.compile(
    rf"(?<![:：年./\d至到~—–-])(?<![:：] ){_DAY} ?(?:由\S{{1,6}})?(?:{DONE}|填|制|印|报)(?![\u4e00-\u9fff])"
    rf"|(?:(?:数据|统计|信息)截[至止]|截至)(?:日期|时间|到)?[:：]? ?{_DAY}"
)
# What says how to fill the form in, or that it is corrected, is frame; any other note may be all that tells two sheets apart.
_HELP = (
    r"(?:\d{1,2} ?[.、．) ]+|[（(]?\d{1,2}[)）])?(?:[“”\"‘’]?[√✓✔×✗○△]|[打画划] ?[“”\"‘’]?[√✓✔×✗○△勾叉钩圈]|(?:缺考|缺勤|缺席|请假|空白|空格|空着|没有)[^,，。;；\s]{0,6}(?:记|填|按|为|打|用|画|表示)"
    "|本表|此表|本册|本名单|请(?!假)|务必|如实|不得|须|必须|用.{1,8}(?:填写|书写|签)|一式|字迹|由本人|本人|更正|订正|重报|已更正|无(?:$|[ \u3000]))"
)
_WHICH = "(?:第 ?[一二三四五六七八九十\\d]|[场组班科次]|教研|研讨|讲座|论坛)"  # which sheet of several it is
_NOTE = re.compile(
    rf"(?:^|(?<=[\s（(。；;]))(?:(?:注意事项|填表说明|填写说明|填报说明)[ \u3000]*[:：]|(?:备注|说明|注)[ \u3000]*[:：](?=[ \u3000]*{_HELP})(?![^\n]*{_WHICH}))"
    rf"[^\n]*?(?=[ \u3000]+{_NEXT}|\n|$)"
)
_SAID_BESIDE = re.compile(r"(?:备注|说明|注)[ \u3000]*[:：]")
_UNFILLED = re.compile(r"(?:^|(?<=[\s（(]))(?:备注|说明|注|负责人)[ \u3000]*[:：][ \u3000_]*$")
_PAGE = re.compile(
    r"第 ?\d+ ?页|共 ?\d+ ?页|页码 ?[:：]? ?\d* ?(?:/ ?\d+)?|[Pp]age ?\d+(?: ?(?:of|/) ?\d+)?|\d+ ?/ ?\d+ ?页"
)
_MANY = "应到|实到|应签|实签|应考|实考|应参训|实参训|应参加|实参加|参考|参训|参会|参加|到会|出席|缺考|缺勤|缺席|未到|请假|迟到|合计|总计|共计|共有|共|总"
_COUNT = re.compile(
    rf"(?:学员|教师|本班)?(?:{_MANY}|全班|班级|学员|教师|参训教师|参训学员|)(?:总?人数|总数|人次) ?[:：]? ?\d* ?[人名份]?"
    rf"|(?:{_MANY}|学员|教师)(?:学员|教师)?[ :：_]*\d+[ _]*[人名份位](?:次)?"
    rf"|(?:应到|实到|应签|实签|应考|实考)(?:人数)?[ :：_]*[人名]?(?![\u4e00-\u9fff\d])"
    r"|(?:平均分|最高分|最低分|及格率|合格率|优秀率|优良率|出勤率|到课率|到会率|参训率|签到率) ?[:：]? ?(?:\d+(?:\.\d+)? ?[%％分]?|(?=[ \u3000])|$)"
)
_NTH = r"[一二三四五六七八九十\d]{1,3}"
_AGAIN = (
    r"(?:(?:已|再次|二次)?(?:更正|订正|修正|修订|修改|勘误|补报|重报|更新|调整)(?:后|过)?的?(?:版|稿|件)?"
    r"|(?:最终|最新|终|定|初|草|正式|公示|送审|审定|校对)(?:版|稿)"
    rf"|第{_NTH}(?:稿|版)|[一二三四五]稿|第{_NTH}次(?:更正|订正|修正|修订|修改|上报|报送|补报|更新)|[vV]\d+(?:\.\d+)*)"
)
_AGAIN_ALONE = re.compile(rf"[ \u3000]*(?:{_DAY})?[ \u3000]*{_AGAIN}[ \u3000\d]*")
_AGAIN_LAST = re.compile(rf"[-—_·\s]*{_AGAIN}$")
_AGAIN_FIRST = re.compile(
    r"^(?:(?:更正|订正|修正|修订|修改|更新)(?:后|过)的?|(?:更正|订正|补报|重报)(?:版|稿)?[ :：]+|(?:修正|修订|修改|更新)(?:版|稿)[ :：]+)"
)
_AGAIN_IN = re.compile(r"(?:更正|订正|补报|重报)(?=[总汇]{0,2}(?:表|册|名单|名册)$)")
_BRACKET = re.compile(r"[（(【\[]([^（）()【】\[\]]*)[）)】\]]")
_ASKED = re.compile(rf"(?:{_LABEL}|人数|总数|应到|实到|应签|实签|应考|实考|分|率)[ \u3000]*[:：]?[ \u3000]*$")
_ASKED_WHEN = re.compile(rf"{_WHEN}[ \u3000]*[:：]?[ \u3000]*$")
_DAY_ALONE = re.compile(rf"[ \u3000]*(?:{_DAY}{_WEEKDAY}|{_BLANK_DATE})[ \u3000]*")
_ANSWER = 30  # characters of what is filled in
_EDGE = " \t\n\u3000,，、。;；|｜/·-—_:："


def caption(rows: Iterable[Sequence[str]]) -> str:
    """What names the thing in the rows above a table; all that they say where there is no frame, "" where there is nothing else."""
    found: dict[str, None] = {}
    for cells in rows:
        asked = when = False  # what is to be filled in may stand in the next cell
        for cell in (cell[:_READ] for cell in cells if cell):
            named = _named(cell)
            if when and _DAY_ALONE.fullmatch(cell):
                when = False
                continue
            if asked and named == cell and len(cell) <= _ANSWER and not re.search("[:：]", cell):
                asked = False
                continue
            when = named != cell and bool(_ASKED_WHEN.search(cell))
            asked = named != cell and not when and bool(_ASKED.search(cell))
            if named:
                found[named] = None
    # A long note leaves no room for what stands below it.
    return " ".join(sorted(found, key=lambda named: bool(_SAID_BESIDE.match(named))))[:LONGEST]


def _named(cell: str) -> str:
    text = _BRACKET.sub(_bracket, cell)
    for form in (_NOTE, _DATED, _FILLED, _PAGE, _COUNT, _UNFILLED):
        text = form.sub(" ", text)
    text = _AGAIN_IN.sub("", text.strip(_EDGE) if text != cell else text)
    text = _AGAIN_LAST.sub("", _AGAIN_FIRST.sub("", text))
    return cell if text == cell else " ".join(text.strip(_EDGE).split())


def _bracket(found: re.Match[str]) -> str:
    """A bracket without what is frame in it, none when nothing else is."""
    inner = found[1]
    if not inner.strip() or _AGAIN_ALONE.fullmatch(inner) or re.fullmatch(r" ?\d+ ?[人名] ?", inner):
        return ""
    if re.fullmatch(_STAMP, found[0]):
        return found[0]  # part of what it stands behind: 单位（盖章）
    left = _named(inner)
    return found[0] if left == inner else f"{found[0][0]}{left}{found[0][-1]}" if left else ""
