"""What an account or a person may be known by: the kinds of identifiers, their names, and which of them must not be shown."""

from __future__ import annotations

KINDS = ("staff", "mail", "phone", "idno", "native", "mbox_sha1sum", "openid", "account", "triple")
SENSITIVE = frozenset({"mail", "phone", "idno", "mbox_sha1sum", "triple"})
KIND_NAME = {
    "staff": "继教编号",
    "mail": "邮箱",
    "phone": "手机号",
    "idno": "身份证号",
    "native": "平台账号",
    "mbox_sha1sum": "邮箱的 SHA-1",
    "openid": "OpenID",
    "account": "平台网址和账号",
    "triple": "姓名、学校和出生日期",
}
# The kinds that are made of several parts, and what stands between them. A | can be in no address, number or name.
JOINED = {"account": "|", "triple": "|"}
BETWEEN = " · "  # the parts of a triple as they are shown
