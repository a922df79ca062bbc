"""Every setting: its default, its environment name and what it means. Nothing else reads the environment.

A setting comes from the environment (`PORTRAIT_…`), else from `portrait.env` in the home folder, else from its default.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from portrait.errors import SettingError
from portrait.trouble import of_setting

HOME_DEFAULT = "var"
PREFIX = "PORTRAIT_"
FILE = "portrait.env"
_SECRET = ("pass", "pwd", "secret", "token")  # in the name of a parameter that is nobody's to read


class Settings(BaseSettings):
    """The settings in force. `portrait doctor` prints them with their meaning."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(Path(HOME_DEFAULT), description="文件夹：登记库、记录湖、原始文件、模型都在这里")
    database_url: str = Field(
        "", description="登记库地址；空 = 家目录下的 SQLite；可用 postgresql+psycopg://…"
    )
    today: date | None = Field(
        None, description="“今天”是哪一天；空 = 系统日期（示范数据用它固定在数据截止日）"
    )
    language: str = Field("zh", description="界面默认语言：zh 或 en", pattern="^(zh|en)$")
    host: str = Field("127.0.0.1", description="网站监听的地址")
    port: int = Field(8050, description="网站监听的端口", ge=1, le=65535)
    threads: int = Field(8, description="网站的工作线程数", ge=1, le=256)
    proxy: str = Field(
        "", description="反向代理的地址，例如 127.0.0.1：只信它转告的读者地址；空 = 前面没有代理"
    )
    https: bool = Field(False, description="网站在 HTTPS 之后：会话 cookie 只走加密连接并发送 HSTS")
    idle_minutes: int = Field(30, description="多少分钟不操作就退出登录（管理员减半）", ge=1)
    session_hours: int = Field(12, description="一次登录最长多少小时", ge=1)
    lock_failures: int = Field(5, description="连续多少次密码错误后锁定账号", ge=1)
    lock_minutes: int = Field(15, description="锁定多少分钟", ge=1)
    xapi_port: int = Field(
        0, description="学习记录库（xAPI）另开一个进程监听的端口；0 = 与网站同一端口的 /xapi", ge=0, le=65535
    )
    xapi_version: str = Field(
        "1.0.3",
        description="没有写明版本的请求一律得 400；凭据也没有写明时，这个回答里写的 xAPI 版本：1.0.3 或 2.0.0",
        pattern="^(1\\.0\\.3|2\\.0\\.0)$",
    )
    xapi_megabytes: int = Field(32, description="发给学习记录库的一个请求的大小上限（MB）", ge=1)
    xapi_batch: int = Field(5000, description="发给学习记录库的一个请求最多多少条语句", ge=1)
    xapi_waiting: int = Field(
        20_000, description="学习记录库最多让多少条语句排队等待写入，再多就请对方稍后再发", ge=1
    )
    xapi_page: int = Field(500, description="学习记录库一页最多返回多少条语句", ge=1, le=10_000)
    xapi_minutes: int = Field(
        5, description="每隔多少分钟把收到的语句汇入画像；0 = 只在 portrait refresh 时", ge=0
    )
    upload_megabytes: int = Field(200, description="网页上传文件的大小上限（MB）", ge=1)
    small_cell: int = Field(10, description="少于多少人的分组不显示均值、分布和成效（隐私）", ge=1)
    engine_memory: str = Field("1GB", description="计算引擎的内存上限，超出则写到磁盘")
    engine_threads: int = Field(2, description="计算引擎的线程数", ge=1)
    lake_buckets: int = Field(
        4, description="记录湖按账号分成几桶；建湖时定下，改了以后 portrait rebuild 才生效", ge=1, le=1024
    )

    @property
    def upload_bytes(self) -> int:
        """The longest body of a request that uploads a file."""
        return (self.upload_megabytes << 20) + 65536

    @property
    def registry_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'registry.sqlite').resolve()}"


def load_settings(home: Path | str | None = None, **overrides: object) -> Settings:
    """Settings of a home folder; `overrides` win over environment and file.

    Raises SettingError naming the setting, the value and what was expected.
    """
    folder = Path(home or os.environ.get("PORTRAIT_HOME") or HOME_DEFAULT)
    try:
        return Settings(_env_file=folder / FILE, **{**overrides, "home": folder})  # type: ignore[call-arg, arg-type]
    except ValidationError as error:
        lines = "；".join(
            f"{PREFIX}{str(e['loc'][0]).upper()} = {e['input']!r}：{of_setting(e)}" for e in error.errors()
        )
        raise SettingError(f"设置不对：{lines}") from error


@dataclass(frozen=True)
class InForce:
    """One setting as it is in force. `origin` is default, environment, file or option; passwords in `value` are masked."""

    name: str
    variable: str
    value: str
    origin: str
    meaning: str


def in_force(settings: Settings) -> list[InForce]:
    """Every setting of a home, where its value comes from and what it means."""
    environment = {name.upper() for name in os.environ}
    file = in_file(settings.home)
    listed = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        value = getattr(settings, name)
        if variable in environment and not (name == "home" and settings.home != Path(os.environ[variable])):
            origin = "environment"
        elif variable in file:
            origin = "file"
        else:
            origin = "default" if value == field.default else "option"
        listed.append(InForce(name, variable, _masked(name, value), origin, field.description or ""))
    return listed


def in_file(home: Path) -> set[str]:
    """The names that the home's file gives a value to."""
    return {name.upper() for name in dotenv_values(home / FILE)}


def unknown_settings(home: Path) -> dict[str, str]:
    """Names with our prefix that no setting has, in the environment or the home's file, each with the nearest known one."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    given = {name.upper() for name in os.environ} | in_file(home)
    return {
        name: next(iter(get_close_matches(name, known, 1)), "")
        for name in sorted(given)
        if name.startswith(PREFIX) and name not in known
    }


def open_address(url: URL) -> str:
    """Where a registry is, without what is secret: neither its password nor one among its parameters."""
    open_ = {
        name: value for name, value in url.query.items() if not any(part in name.lower() for part in _SECRET)
    }
    return url.set(query=open_).render_as_string(hide_password=True)


def _masked(name: str, value: object) -> str:
    if name == "database_url" and value:
        try:
            return open_address(make_url(str(value)))
        except ArgumentError:
            return "***"
    return "" if value is None else str(value)
