"""What the system, the reader of JSON and the check of settings say in English when something is wrong, in Chinese.

What they say in words that are not known here stays as it is.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Mapping
from typing import Any

from portrait.sentence import Sentence, sentence

_SYSTEM = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EEXIST: "那里已经有一个文件",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.EISDIR: "那是文件夹，不是文件",
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "磁盘配额用完了",
    errno.EROFS: "磁盘是只读的",
    errno.EIO: "磁盘读写出错",
    errno.ENAMETOOLONG: "名字太长",
    errno.EMFILE: "打开的文件太多",
    errno.EADDRINUSE: "已经被别的程序占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
}
_JSON = {
    "Expecting value": "这里应有一个值",
    "Expecting property name enclosed in double quotes": "这里应有双引号里的名字",
    "Expecting ',' delimiter": "这里应有逗号",
    "Expecting ':' delimiter": "这里应有冒号",
    "Extra data": "后面还有多余的内容",
    "Unterminated string starting at": "这里开始的文字没有结束的引号",
    "Invalid control character at": "文字里有不该有的控制字符",
    "Invalid \\escape": "反斜杠后面的写法不对",
    "Invalid \\uXXXX escape": "\\u 后面应有四位十六进制数",
    "Illegal trailing comma before end of object": "最后一项后面不该有逗号",
    "Illegal trailing comma before end of array": "最后一项后面不该有逗号",
}
_BYTES = {
    "invalid start byte": "有不属于这种编码的字节",
    "invalid continuation byte": "有不属于这种编码的字节",
    "illegal multibyte sequence": "有不属于这种编码的字节",
    "unexpected end of data": "最后一个字不完整",
    "incomplete multibyte sequence": "最后一个字不完整",
    "truncated data": "最后一个字不完整",
    "illegal encoding": "有不属于这种编码的字节",
    "illegal UTF-16 surrogate": "有不属于这种编码的字节",
}
_PACKED = (
    ("not a gzipped file", "不是 gzip 压缩的"),
    ("end-of-stream", "没有传完，后面缺了一截"),
    ("incomplete or truncated", "没有传完，后面缺了一截"),
    ("crc check failed", "解开的内容和校验和对不上"),
    ("incorrect length", "解开的内容和记下的长度对不上"),
    ("incorrect data check", "解开的内容和校验和对不上"),
    ("unknown compression method", "压缩的方法不认识"),
    ("while decompressing", "压缩的内容有损坏"),
)
_YAML = (
    (
        "mapping values are not allowed here",
        "这里不该有冒号：一行里多了一个（值里有冒号就加引号），或缩进不对",
    ),
    ("mapping keys are not allowed here", "这里不该有“?”开头的键"),
    ("sequence entries are not allowed here", "这里不该有“-”：缩进不对，或和冒号写在了一行"),
    ("could not find expected ':'", "前面一行缺冒号，或缩进不对"),
    ("cannot start any token", "有不能这样用的字符（制表符、@、反引号、% 等），缩进用空格，值加引号"),
    ("special characters are not allowed", "有不该有的控制字符"),
    ("found unexpected end of stream", "引号没有结束"),
    ("found unknown escape character", "反斜杠后面的写法不对（双引号里），可改用单引号"),
    ("expected escape sequence", "反斜杠后面应有十六进制数"),
    ("expected ',' or ']'", "方括号没有结束，或少了逗号"),
    ("expected ',' or '}'", "花括号没有结束，或少了逗号"),
    ("expected the node content", "这里应有内容"),
    ("expected <block end>", "缩进和上面的行对不齐，或少了冒号、引号"),
    ("found undefined alias", "引用了没有起过名的“*”"),
    ("second occurrence", "“&”起的名用了两次"),
    ("found unexpected document separator", "引号里不该有单独一行的“---”"),
    ("found another document", "一个文件里只能有一份，不要再写“---”"),
    ("<document start>", "上一份已经结束，后面还有多余的内容"),
    ("could not determine a constructor", "不认识的“!”标签"),
    ("undefined tag", "不认识的“!”标签"),
    ("chomping or indentation", "“|”或“>”后面的写法不对"),
    ("expected alphabetic or numeric", "“&”或“*”后面应有名字"),
)
_SETTING = {
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "literal_error": "应为其中之一：{expected}",
    "date_parsing": "应为日期，如 2022-08-31",
    "date_from_datetime_parsing": "应为日期，如 2022-08-31",
    "date_type": "应为日期，如 2022-08-31",
}


def of_system(error: OSError) -> Sentence:
    """Why a file, a folder or an address cannot be used."""
    if isinstance(error, socket.gaierror):
        return sentence("找不到这个主机")
    return sentence(_SYSTEM.get(error.errno or 0, error.strerror or str(error)))


def of_json(message: str) -> Sentence:
    """What is wrong at a place in JSON, as json says it."""
    return sentence(_JSON.get(message.removesuffix(": "), message))


def of_bytes(reason: str) -> Sentence:
    """Why bytes are no text of an encoding, as its codec says it."""
    return sentence(_BYTES.get(reason, reason))


def of_yaml(error: Exception) -> Sentence:
    """What is wrong with a text in YAML and in which line and column, as PyYAML says it."""
    said, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    what = str(said or getattr(error, "reason", "") or error).splitlines()[0]
    known = next((words for part, words in _YAML if part in what), what)
    if mark is None:
        return sentence(known)
    return sentence(
        "{what}（第 {line} 行第 {column} 列）",
        what=sentence(known),
        line=mark.line + 1,
        column=mark.column + 1,
    )


def of_packed(error: Exception) -> Sentence:
    """Why what is packed cannot be unpacked, as gzip and zlib say it."""
    said = str(error).lower()
    found = next((words for mark, words in _PACKED if mark in said), "")
    if found:
        return sentence(found)
    if isinstance(error, OSError) and error.errno is not None:
        return of_system(error)
    return sentence("压缩的内容有损坏")


def of_setting(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, from one of the errors of a ValidationError."""
    words = _SETTING.get(str(error["type"]))
    if words is None:
        return re.sub(r"^Value error, ", "", str(error["msg"]))
    said = {
        name: re.sub("', '|' or '", "、", str(value)).strip("'")
        for name, value in error.get("ctx", {}).items()
    }
    return words.format(**said)
