"""Which login is whose: normal forms, keyed digests and account ids. Phone, mail and identity numbers leave here only as digest and hint."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from portrait.hashing import key_number
from portrait.identifier import BETWEEN, KIND_NAME, KINDS, SENSITIVE
from portrait.veil import CALL, LINED, NEW, OLD, check_digit, plain, replaced, traces

_SHA1 = re.compile(r"[0-9a-f]{40}")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#\s]+)([^#\s]*)", re.IGNORECASE)
_BIRTH = re.compile(r"(\d{4})(?:[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2})日?|月)?|年)?")
_MAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")
_PHONE = re.compile(r"1[3-9]\d{9}")
# Logins with so many digits were digests whatever they counted. They stay so: the ids of their records come from that.
_LONG = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
SHORTEST = 6  # signs of a mailbox's name of which the last is shown too
# Counts up when a login may be taken for another account than before, or a person for another one: registries are looked through once for each (portrait.store.number).
NAMING = 3
# A login that is one of these is a person's number.
_NUMBERS = {"idno": re.compile(f"{NEW}|{OLD}"), "phone": re.compile(f"{CALL}|{LINED}")}


class Unrecognised(ValueError):
    """Raised when a text cannot be an identifier of its kind; the message says what was expected."""


@dataclass(frozen=True)
class Identifier:
    """One identifier as it may be stored. `shown` is masked for the sensitive kinds, and where a login has such a number in it."""

    kind: str
    digest: str
    shown: str
    veiled: bool = False  # `shown` is not all of it


def normalised(kind: str, text: str) -> str:
    """The one spelling of an identifier: width, case, spaces and prefixes removed, 15-digit identity numbers made 18.

    Raises Unrecognised when the text cannot be one.
    """
    if kind == "native":
        return text.strip()
    said = "".join(unicodedata.normalize("NFKC", text).split())
    if kind == "staff":
        return said.upper()
    if kind == "mail":
        said = said.lower().removeprefix("mailto:")
        if not _MAIL.fullmatch(said):
            raise Unrecognised("应为邮箱地址，形如 名字@域名")
        return said
    if kind == "phone":
        said = re.sub(r"[-().]|(?<=\d)_(?=\d)", "", plain(said))
        said = re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", said)
        if not _PHONE.fullmatch(said):
            raise Unrecognised("应为 11 位手机号")
        return said
    if kind == "idno":
        return _identity_number(plain(said).upper())
    if kind == "mbox_sha1sum":
        if not _SHA1.fullmatch(said.lower()):
            raise Unrecognised("应为 40 位十六进制数")
        return said.lower()
    if kind == "openid":
        return _address(text.strip())
    if kind == "account":
        home, bar, name = text.strip().partition("|")
        if not bar or not name.strip():
            raise Unrecognised("应为 平台网址|账号")
        return f"{_address(home.strip())}|{name.strip()}"
    if kind == "triple":
        return _triple(unicodedata.normalize("NFKC", text))
    raise Unrecognised(f"没有“{kind}”这种标识，可选：{'、'.join(KINDS)}")


def _identity_number(text: str) -> str:
    if re.fullmatch(r"\d{15}", text):
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    elif not re.fullmatch(r"\d{17}[\dX]", text):
        raise Unrecognised(f"应为 18 位（或旧式 15 位）身份证号，这里是 {len(text)} 位")
    elif check_digit(text[:17]) != text[17]:
        raise Unrecognised("身份证号的校验位不对")
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise Unrecognised("身份证号里的出生日期不对") from None
    return text


def _address(text: str) -> str:
    """An IRI as it names somebody: scheme and host have no case, an empty path is /, what follows # does not count."""
    found = _ADDRESS.fullmatch(text.partition("#")[0])
    if found is None:
        raise Unrecognised("应为网址，形如 https://域名/…")
    return f"{found[1].lower()}://{found[2].lower()}{found[3] or '/'}"


def _triple(text: str) -> str:
    """Name, school and birth as 姓名|学校|1980-05-06, 1980-05, 1980 or nothing: as much of the birth as is known."""
    name, school, *rest = ("".join(part.split()) for part in [*text.split("|"), "", ""])
    if not name or not school or any(rest[1:]):
        raise Unrecognised("应为 姓名|学校|出生日期（出生日期可空）")
    if not rest[0]:
        return f"{name}|{school}|"
    found = _BIRTH.fullmatch(rest[0])
    try:
        if found is None:
            raise ValueError
        year, month, day = (int(part) if part else 0 for part in found.groups())
        date(year, month or 1, day or 1)
    except ValueError:
        raise Unrecognised("出生日期应如 1980-05-06、1980年5月 或 1980") from None
    born = f"{year:04}" + (f"-{month:02}" if month else "") + (f"-{day:02}" if day else "")
    return f"{name}|{school}|{born}"


def hint(kind: str, value: str) -> str:
    """What may be shown of a normalised identifier."""
    if kind == "mail":
        name, _, host = value.partition("@")
        # First and last of a name that is long enough to hide behind them; the star keeps a mask from looking like a mailbox.
        shown = f"{name[0]}…{name[-1]}*" if len(name) >= SHORTEST else f"{name[:1]}***"
        return f"{shown}@{hidden(host)}"[:20]
    if kind == "triple":
        # Names and schools are the register's own; of the birth only the year is, as there.
        name, school, born = value.split("|")
        return hidden(BETWEEN.join(part for part in (name, school, born[:4]) if part))
    if kind in SENSITIVE:
        return f"***{value[-4:]}"
    return value[:20]


def masked(kind: str, text: str) -> str:
    """What may be shown of a text that claims to be an identifier, right or wrong."""
    if kind not in SENSITIVE:
        return text
    if kind in ("mail", "triple") and "@" in text:
        return hint("mail", re.sub("^mailto:", "", text.strip(), flags=re.IGNORECASE))
    return f"***{text[-4:]}" if len(text) > 7 and kind != "triple" else "***"


def hidden(text: str) -> str:
    """A text for people to read, with every phone number, mailbox and identity number in it masked: in full width or beside letters too."""
    return replaced(text, [(one.start, one.end, masked(one.kind, one.plain)) for one in traces(text)])


def veiled(kind: str, shown: str) -> str:
    """What readers see of an identifier as it is kept, on pages and in commands alike: identity numbers, phone numbers and mailboxes
    masked, wherever they stand; names of accounts and staff numbers whole, for they are what one decides by."""
    return shown if kind in SENSITIVE - {"triple"} else hidden(shown)


def identify(source: str, kind: str, text: str, secret: bytes) -> Identifier:
    """Digest and display form of an identifier. Only `native` depends on the source: other kinds match across sources.

    A login that is an identity number or a mobile number is one, whatever it was taken for: its kind is that of the number.
    Raises Unrecognised.
    """
    value = normalised(kind, text)
    kind, value = _disguised(kind, value) or (kind, value)
    scope = f"native|{source}|" if kind == "native" else f"{kind}|"
    shown = hint(kind, value) if kind in SENSITIVE else hidden(value)
    if shown == value and not _LONG.search(value):
        return Identifier(kind, hashlib.sha256((scope + value).encode()).hexdigest(), value)
    digest = hmac.new(secret, (scope + value).encode(), hashlib.sha256).hexdigest()
    return Identifier(kind, digest, shown, veiled=True)


def _disguised(kind: str, value: str) -> tuple[str, str] | None:
    """The number of a person that a login consists of, with its kind: all of it, an account's name, or an OpenID's last part."""
    if kind in SENSITIVE:
        return None
    # Of an account at a home page the name, of an OpenID the last part of its path or query.
    own = value.rpartition("|")[2] if kind == "account" else value
    own = re.split("[/=]", value.rstrip("/"))[-1] if kind == "openid" else own
    own = plain(own).strip()
    for number, text in (("idno", re.sub("[-_ ]", "", own)), ("phone", own)):
        if _NUMBERS[number].fullmatch(text):
            with suppress(Unrecognised):
                return number, normalised(number, text)
    return None


def mailbox_digests(text: str, secret: bytes) -> list[str]:
    """The digests under which accounts of the kind mbox_sha1sum may know a mailbox, sorted.

    A platform hashes "mailto:" and the address (xAPI 1.0.3 2.4.2.1), as a rule in lower case, else as the person wrote it.
    Raises Unrecognised.
    """
    address = normalised("mail", text)
    typed = "".join(unicodedata.normalize("NFKC", text).split())
    typed = re.sub("^mailto:", "", typed, flags=re.IGNORECASE)
    name, _, host = typed.partition("@")
    spelled = {address, typed, f"{name}@{host.lower()}"}
    sums = (hashlib.sha1(f"mailto:{one}".encode(), usedforsecurity=False).hexdigest() for one in spelled)
    return sorted(identify("", "mbox_sha1sum", one, secret).digest for one in sums)


def account_number(source: str, identifier: Identifier) -> int:
    name = identifier.digest if identifier.veiled else identifier.shown
    return key_number("account", source, identifier.kind, name)


def renamed(source: str, kind: str, shown: str, number: int, secret: bytes) -> Identifier | None:
    """What the account `number`, which is shown like this, is by the rules of today, when it is one of before: then logins were kept
    as they are, with the numbers of people that they hold."""
    if kind in SENSITIVE or key_number("account", source, kind, shown) != number:
        return None
    try:
        found = identify(source, kind, shown, secret)
    except Unrecognised:
        return None
    return None if account_number(source, found) == number else found


def account_id(source: str, kind: str, external: str, secret: bytes = b"") -> int:
    """63-bit id of an account. Sensitive kinds need the home's secret: their ids cannot be guessed from a list of phones."""
    found = identify(source, kind, external, secret)
    if found.veiled and not secret:
        raise Unrecognised(f"{KIND_NAME[found.kind]}的账号编号要用密钥计算")
    return account_number(source, found)


def has_secret(home: Path) -> bool:
    """Whether the home's key is there. Where something has come in it was made, so that a missing one is a lost one."""
    return (home / "secret.key").is_file()


def load_secret(home: Path) -> bytes:
    """The home's key for digests, made on first use. Losing it means that sensitive identifiers no longer match."""
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / f".secret.{secrets.token_hex(8)}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # fails if another process was first; then its key is the key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text().strip())
