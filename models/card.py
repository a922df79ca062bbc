"""A fitted model on disk: the object and the card that says what it learned from, how well it does and with which libraries.

The card is written last and names the object by content, so a reader sees the old pair or the new one, never a mix.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import joblib

from portrait.errors import ModelUnusable
from portrait.sentence import sentence

LIBRARIES = ("scikit-learn", "numpy", "scipy", "joblib")
REMEDY = sentence("请运行 portrait fit 重新训练")


@dataclass(frozen=True)
class Card:
    """What must be known of a fitted model before its answers are used.

    version     of the method: raised when features or formula change, so that an older file is refused
    period      first and last day of the data; None where the data carry no dates
    n           counts of what it learned from
    metrics     measured on data held out from the fit, the baseline beside it
    provenance  whose data, under which licence, and what the file may be used for
    """

    name: str
    version: str
    created: datetime
    period: tuple[date | None, date | None]
    n: dict[str, int]
    metrics: dict[str, Any]
    features: tuple[str, ...]
    provenance: str
    libraries: dict[str, str] = field(default_factory=dict)
    checksum: str = ""


@cache
def libraries() -> dict[str, str]:
    """The libraries in use whose version decides whether a pickled model can be trusted."""
    return {"python": platform.python_version()} | {name: installed(name) for name in LIBRARIES}


def save(model: object, folder: Path, card: Card) -> Card:
    """The card as saved: with checksum and library versions. Replaces the model of that name in one step."""
    home = folder / card.name
    home.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    content = buffer.getvalue()
    card = replace(card, checksum=hashlib.sha256(content).hexdigest(), libraries=libraries())
    _replace(_object(home, card.checksum), content)
    text = json.dumps(asdict(card), ensure_ascii=False, indent=1, default=_plain)
    _replace(home / "card.json", text.encode())
    for other in home.glob("*.joblib"):
        if other != _object(home, card.checksum):
            other.unlink(missing_ok=True)
    return card


def load(folder: Path, name: str, version: str) -> tuple[Any, Card]:
    """The model and its card, read once per process and saved file.

    Raises ModelUnusable when it is missing, damaged, of another method's version or saved by other libraries. Nothing is
    unpickled before all of that is known.
    """
    for attempt in (1, 2):
        card = read_card(folder, name)
        if card.version != version:
            raise ModelUnusable(
                "模型 {name} 的方法版本是 {was}，现在用 {now}；{remedy}",
                name=name,
                was=card.version,
                now=version,
                remedy=REMEDY,
            )
        changed = [
            f"{library} {card.libraries.get(library, '?')} → {now}"
            for library, now in libraries().items()
            if card.libraries.get(library) != now
        ]
        if changed:
            raise ModelUnusable(
                "模型 {name} 保存时的库版本与现在不同（{changed}）；{remedy}",
                name=name,
                changed=changed,
                remedy=REMEDY,
            )
        try:
            return _load(folder / name, name, card.checksum), card
        except FileNotFoundError:
            if attempt == 2:  # once: the pair may have been replaced between the two reads
                raise ModelUnusable(
                    "模型 {name} 的文件 {file}… 不见了；{remedy}",
                    name=name,
                    file=card.checksum[:12],
                    remedy=REMEDY,
                ) from None
    raise AssertionError


def fitted(folder: Path, name: str) -> bool:
    """A model of that name has been saved, usable or not."""
    return (folder / name / "card.json").exists()


def read_card(folder: Path, name: str) -> Card:
    """The card alone; the model is not opened. Raises ModelUnusable when there is none or it cannot be read."""
    path = folder / name / "card.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if set(raw) != {f.name for f in fields(Card)}:
            raise ValueError("fields")
        first, last = (None if day is None else date.fromisoformat(day) for day in raw["period"])
        return Card(
            **raw
            | {
                "created": datetime.fromisoformat(raw["created"]),
                "period": (first, last),
                "features": tuple(raw["features"]),
            }
        )
    except FileNotFoundError:
        raise ModelUnusable(
            "还没有模型 {name}：{path} 不存在；{remedy}", name=name, path=path, remedy=REMEDY
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelUnusable(
            "模型 {name} 的卡片读不懂：{path}；{remedy}", name=name, path=path, remedy=REMEDY
        ) from error


def cards(folder: Path) -> list[Card]:
    """The readable cards of all saved models, by name."""
    found = []
    for path in sorted(folder.glob("*/card.json")):
        try:
            found.append(read_card(folder, path.parent.name))
        except ModelUnusable:
            continue
    return found


@lru_cache(maxsize=4)
def _load(home: Path, name: str, checksum: str) -> Any:
    content = _object(home, checksum).read_bytes()
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ModelUnusable(
            "模型 {name} 的文件与卡片上的校验和不符，可能已损坏或被改动；{remedy}", name=name, remedy=REMEDY
        )
    try:
        return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelUnusable(
            "模型 {name} 打不开（{why}）；{remedy}", name=name, why=type(error).__name__, remedy=REMEDY
        ) from error


def _object(home: Path, checksum: str) -> Path:
    return home / f"{checksum[:16]}.joblib"


def _replace(path: Path, content: bytes) -> None:
    half = path.with_name(f"{path.name}.{os.getpid()}.half")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.item()  # a numpy number
