"""JSON Web Signatures as a client makes them, with a key that is no secret and good for nothing but tests."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

P, Q = (
    int(
        "df27b474402615f619baa4a49f0ac0170928ca2ceca468e9ce6ba18b8ad12fc9"
        "a0d4f2e345ffb65d9f9bc6d3adae2c57eafd6a994409a2329ef50006a43e3769",
        16,
    ),
    int(
        "ffb941d2b225999d15f5b42d2c57fad0d64b960d01374711cc63bbb911eeded9"
        "0770623545be83c28f87425fb9c25afb6989b3ac88ec029f9873a6aa03d75a09",
        16,
    ),
)
N, D = P * Q, pow(65537, -1, (P - 1) * (Q - 1))
DIGESTS = {  # the name of the hash as PKCS #1 v1.5 writes it before the hash itself
    "256": "3031300d060960864801650304020105000420",
    "384": "3041300d060960864801650304020205000430",
    "512": "3051300d060960864801650304020305000440",
}


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _rsa(message: bytes, bits: str) -> bytes:
    digest = bytes.fromhex(DIGESTS[bits]) + hashlib.new(f"sha{bits}", message).digest()
    padded = b"\x00\x01" + b"\xff" * (125 - len(digest)) + b"\x00" + digest
    return pow(int.from_bytes(padded), D, N).to_bytes(128)


def sign(payload: bytes, algorithm: str = "RS256", **header: Any) -> bytes:
    """A compact JWS of `payload`; the algorithms no statement may be signed with are there as well."""
    message = f"{_text(json.dumps({'alg': algorithm} | header).encode())}.{_text(payload)}"
    if algorithm == "none":
        signature = b""
    elif algorithm.startswith("HS"):
        signature = hmac.digest(b"secret", message.encode(), f"sha{algorithm[2:]}")
    else:
        signature = _rsa(message.encode(), algorithm[2:])
    return f"{message}.{_text(signature)}".encode()
