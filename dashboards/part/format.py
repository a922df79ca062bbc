"""Numbers, dates and spans in Chinese habit (1.2 万, 2022 年 8 月 31 日, 还剩 3 天), in English by the language switch."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dashboards.figure.scale import points
from dashboards.language import current, gettext
from portrait.clock import aware, day_of

NOTHING = "—"
CHINA = ZoneInfo("Asia/Shanghai")


def count(value: float | None) -> str:
    """12345 → “1.2 万”; below ten thousand in full."""
    if value is None:
        return NOTHING
    if current() == "en":
        return f"{value:,.0f}" if abs(value) < 1e6 else f"{value / 1e6:.1f} M"
    if abs(value) >= 99_950_000:
        return f"{value / 1e8:.1f} 亿"
    if abs(value) >= 10_000:
        return f"{value / 1e4:.1f} 万"
    return f"{value:.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """A number without a useless “.0”."""
    if value is None:
        return NOTHING
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def signed(value: float | None, digits: int = 1) -> str:
    """+0.3, −0.3, 0."""
    if value is None:
        return NOTHING
    text = decimal(abs(value), digits)
    return text if text == "0" else ("+" if value > 0 else "−") + text


def within(label: str) -> str:
    """A label as it stands inside a line: in English it begins small there."""
    return label[:1].lower() + label[1:] if current() == "en" else label


def percent(share: float | None, digits: int = 1) -> str:
    """0.764 → 76.4%."""
    return NOTHING if share is None else f"{share * 100:.{digits}f}%"


def rate(n: int, total: int, digits: int = 1) -> str:
    """“76.4%（130/170）”; of nothing there is no rate."""
    if total == 0:
        return gettext("无（0/0）")
    return percent(n / total, digits) + gettext("（{text}）", text=f"{n:,}/{total:,}")


def level(value: float | None) -> str:
    """A level, kept on 0–1, as the 0–100 a reader sees."""
    return NOTHING if value is None else points(value)


def interval(low: float | None, high: float | None) -> str:
    return NOTHING if low is None or high is None else f"{points(low)}–{points(high)}"


def day(value: date | datetime | None) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = day_of(value)
    if current() == "en":
        return f"{value.day} {value:%b %Y}"
    return f"{value.year} 年 {value.month} 月 {value.day} 日"


def month(value: date | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:%b %Y}" if current() == "en" else f"{value.year} 年 {value.month} 月"


def moment(value: datetime | None) -> str:
    """Day and time of day in China's one time zone."""
    if value is None:
        return NOTHING
    local = aware(value).astimezone(CHINA)
    return f"{day(local)} {local:%H:%M}"


def when(value: datetime | None) -> str:
    """The same of a record: one at midnight came with its day alone."""
    if value is None:
        return NOTHING
    local = aware(value).astimezone(CHINA)
    return moment(value) if (local.hour, local.minute, local.second) != (0, 0, 0) else day(local)


def stamp(value: datetime | None) -> str:
    """The same for a column that is sorted: 2022-11-15 09:05."""
    return "" if value is None else f"{aware(value).astimezone(CHINA):%Y-%m-%d %H:%M}"


def remaining(due: date, today: date) -> str:
    """还剩 3 天 / 今天截止 / 已逾期 2 天."""
    days = (due - today).days
    if days > 0:
        return gettext("还剩 {days} 天", days=days)
    return gettext("今天截止") if days == 0 else gettext("已逾期 {days} 天", days=-days)


def duration(seconds: float) -> str:
    """3 小时 20 分; below a minute in seconds."""
    if seconds < 60:
        return gettext("{n} 秒", n=round(seconds))
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return gettext("{n} 分钟", n=minutes)
    return gettext("{h} 小时 {m} 分", h=hours, m=minutes) if minutes else gettext("{h} 小时", h=hours)


def size(n: int) -> str:
    """Bytes as a person would say them: 820 KB, 12.4 MB."""
    if n < 1 << 20:
        return f"{max(1, round(n / 1024))} KB"
    return f"{decimal(n / (1 << 20))} MB"
