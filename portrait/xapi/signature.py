"""Signed statements: a JSON web signature among the attachments (xAPI 1.0.3 part two, 2.6; RFC 7515).

That a signature is whole, is of this statement, and fits the certificate that it brings. This catches mistakes; it says nothing of who
signed, for any certificate will do.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from portrait.xapi.attachment import declared
from portrait.xapi.compare import same
from portrait.xapi.invalid import Invalid
from portrait.xapi.multipart import Part
from portrait.xapi.statement import check

USAGE = "http://adlnet.gov/expapi/attachments/signature"
_TYPE = "application/octet-stream"
_HASHES: dict[str, HashAlgorithm] = {"RS256": SHA256(), "RS384": SHA384(), "RS512": SHA512()}
_COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\s*")


def check_signatures(
    statements: Sequence[Mapping[str, Any]], contents: Mapping[str, Part], version: str
) -> None:
    """Raises Invalid for the first signature of these valid statements that is malformed.

    `contents` are those that `match` found, by sha2. A signature of which only a fileUrl is given cannot be looked at and is refused.
    """
    for number, statement in enumerate(statements):
        for path, one in declared(statement):
            if one["usageType"] != USAGE:
                continue
            try:
                _signature(statement, one, contents.get(one["sha2"]), version)
            except Invalid as error:
                raise error.at(f"[{number}].{path}") from None


def _signature(statement: Mapping[str, Any], one: Mapping[str, Any], part: Part | None, version: str) -> None:
    if one["contentType"].lower() != _TYPE:
        raise Invalid("contentType", f"must be {_TYPE} for a signature")
    if part is None:
        raise Invalid("", "must bring the signature as a part of the request")
    found = _COMPACT.fullmatch(part.content)
    if not found:
        raise Invalid("", "must be a JSON web signature in compact serialization")
    header = _object(found[1], "header")
    digest = _HASHES.get(header["alg"]) if isinstance(header.get("alg"), str) else None
    if not digest:
        raise Invalid("", f"must be signed by one of {', '.join(_HASHES)}")
    if "crit" in header:
        raise Invalid("", "must not ask for extensions (crit)")
    signed = _object(found[2], "payload")
    try:
        check(signed, version)
    except Invalid as error:
        raise Invalid("", f"must sign a valid statement ({error})") from None
    if not any(same(signed, before) for before in _before(statement, one)):
        raise Invalid("", "must sign this statement")
    signature = _decoded(found[3], "signature")
    if "x5c" in header:
        key = _key(header["x5c"])
        try:
            key.verify(signature, found[1] + b"." + found[2], PKCS1v15(), digest)
        except InvalidSignature:
            raise Invalid("", "must fit the certificate that it brings") from None


def _before(statement: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The statement before this signature was added: with the signatures that may have been there, and without."""
    held = statement.get("attachments", [])
    return (
        {**statement, "attachments": [other for other in held if other["usageType"] != USAGE]},
        {**statement, "attachments": [other for other in held if other["sha2"] != one["sha2"]]},
    )


def _decoded(text: bytes, what: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise Invalid("", f"must have a {what} in base64url") from None


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(text, what).decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid("", f"must have a {what} that is JSON") from None
    if not isinstance(value, dict):
        raise Invalid("", f"must have a {what} that is a JSON object")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _key(chain: Any) -> RSAPublicKey:
    """The key of the first certificate, each of which the next has issued."""
    if not isinstance(chain, list) or not chain or not all(isinstance(text, str) for text in chain):
        raise Invalid("", "must bring certificates (x5c) as an array of base64 texts")
    try:
        certificates = [
            x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in chain
        ]
        key = certificates[0].public_key()
        for one, issuer in pairwise(certificates):
            one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise Invalid("", "must bring certificates (x5c) each of which the next has issued") from None
    if not isinstance(key, RSAPublicKey):
        raise Invalid("", "must bring the certificate (x5c) of an RSA key")
    return key
