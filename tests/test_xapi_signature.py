"""Signed statements: whole signatures of this statement pass, anything else is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from portrait.xapi.attachment import match
from portrait.xapi.invalid import Invalid
from portrait.xapi.multipart import Part
from portrait.xapi.signature import USAGE, check_signatures
from tests.spoken import ATTACHMENT, STATEMENT, fresh, put

HASHES: dict[str, Any] = {"RS256": SHA256, "RS384": SHA384, "RS512": SHA512}
BEFORE = put(put(STATEMENT, ("attachments",), [ATTACHMENT]), ("version",), "1.0.0")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def root() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(subject: Any, name: str, issuer: Any, by: str) -> str:
    """A certificate of the subject's key by the issuer, as x5c has it."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
        .public_key(subject.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(issuer, SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(payload: bytes, key: rsa.RSAPrivateKey, header: dict[str, Any] | bytes) -> bytes:
    """A JWS in compact serialization."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    alg = "RS256" if isinstance(header, bytes) else header.get("alg")
    text = f"{part(head)}.{part(payload)}"
    hash = HASHES.get(alg, SHA256) if isinstance(alg, str) else SHA256
    return f"{text}.{part(key.sign(text.encode(), PKCS1v15(), hash()))}".encode()


def ask(content: bytes, statement: dict[str, Any] = BEFORE, version: str = "1.0.3", **more: Any) -> None:
    """Send the statement with this signature; Invalid is raised as the store would."""
    digest = hashlib.sha256(content).hexdigest()
    declared = {
        "usageType": USAGE,
        "display": {"en": "Signature"},
        "contentType": "application/octet-stream",
        "length": len(content),
        "sha2": digest,
        **more,
    }
    sent = fresh(statement)
    sent["attachments"] = [*sent.get("attachments", ()), declared]
    parts = [Part("application/json", b""), Part("application/octet-stream", content, digest)]
    check_signatures([put(STATEMENT, ("id",), ...), sent], match([sent], parts, version), version)


PAYLOAD = json.dumps(BEFORE).encode()


@pytest.mark.parametrize("alg", HASHES)
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_a_statement_signed_with_rsa_is_taken(alg: str, version: str, key: rsa.RSAPrivateKey) -> None:
    ask(signed(PAYLOAD, key, {"alg": alg}), version=version)
    ask(signed(PAYLOAD, key, {"alg": alg, "x5c": [certificate(key, "a", key, "a")]}), version=version)


def test_a_chain_of_certificates_is_followed(key: rsa.RSAPrivateKey, root: rsa.RSAPrivateKey) -> None:
    chain = [certificate(key, "leaf", root, "root"), certificate(root, "root", root, "root")]
    ask(signed(PAYLOAD, key, {"alg": "RS256", "x5c": chain}))
    for broken in (
        chain[::-1],
        [chain[0], certificate(key, "root", key, "root")],
        [chain[0], certificate(root, "x", root, "x")],
    ):
        with pytest.raises(Invalid, match="certificate"):
            ask(signed(PAYLOAD, key, {"alg": "RS256", "x5c": broken}))


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another order of keys": lambda said: dict(reversed(said.items())),
    "no id yet": lambda said: put(said, ("id",), ...),
    "no timestamp yet": lambda said: put(said, ("timestamp",), ...),
    "nothing that the store adds": lambda said: {
        key: said[key] for key in said if key not in ("stored", "authority", "version")
    },
    "another display": lambda said: put(said, ("verb", "display"), {"en": "x"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_store_may_change_may_be_changed_since_signing(name: str, key: rsa.RSAPrivateKey) -> None:
    ask(signed(json.dumps(CHANGES[name](BEFORE)).encode(), key, {"alg": "RS256"}))


def test_a_statement_may_be_signed_twice(key: rsa.RSAPrivateKey, root: rsa.RSAPrivateKey) -> None:
    first, second = signed(PAYLOAD, key, {"alg": "RS256"}), signed(PAYLOAD, root, {"alg": "RS512"})
    both = []
    for content in (first, second):
        digest = hashlib.sha256(content).hexdigest()
        both.append(
            {**ATTACHMENT, "usageType": USAGE, "contentType": "application/octet-stream", "sha2": digest}
        )
    parts = [Part("", one, hashlib.sha256(one).hexdigest()) for one in (first, second)]
    sent = put(BEFORE, ("attachments",), [ATTACHMENT, *both])
    check_signatures([sent], {one.hash: one for one in parts}, "1.0.3")


def test_statements_without_signatures_are_not_looked_at() -> None:
    check_signatures([STATEMENT], {}, "1.0.3")


@pytest.mark.parametrize("content_type", ["text/plain; charset=ascii", "application/json"])
def test_a_signature_is_an_octet_stream(content_type: str, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Invalid) as raised:
        ask(signed(PAYLOAD, key, {"alg": "RS256"}), contentType=content_type)
    assert raised.value.path == "[1].attachments[1].contentType"


def test_a_signature_elsewhere_is_refused(key: rsa.RSAPrivateKey) -> None:
    away = {**ATTACHMENT, "usageType": USAGE, "contentType": "application/octet-stream"}
    with pytest.raises(Invalid, match="as a part"):
        check_signatures([put(STATEMENT, ("attachments",), [away])], {}, "1.0.3")


HEADERS: dict[str, dict[str, Any] | bytes] = {
    "a secret's algorithm": {"alg": "HS256"},
    "no signature at all": {"alg": "none"},
    "another padding": {"alg": "PS256"},
    "no algorithm": {},
    "an algorithm in lower case": {"alg": "rs256"},
    "an algorithm that is no text": {"alg": ["RS256"]},
    "an extension": {"alg": "RS256", "crit": ["exp"], "exp": 1},
    "certificates that are no list": {"alg": "RS256", "x5c": "MII"},
    "no certificate": {"alg": "RS256", "x5c": []},
    "a certificate that is no text": {"alg": "RS256", "x5c": [1]},
    "a certificate that is no base64": {"alg": "RS256", "x5c": ["?"]},
    "a certificate that is none": {"alg": "RS256", "x5c": ["aGVsbG8="]},
    "a header that is no object": b"[]",
    "a header that is no JSON": b"{alg:RS256}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_does_not_serve_is_refused(name: str, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Invalid):
        ask(signed(PAYLOAD, key, HEADERS[name]))


PAYLOADS: dict[str, bytes] = {
    "no JSON": PAYLOAD.replace(b'"', b"'", 1),
    "no object": b"[]",
    "no UTF-8": PAYLOAD.replace(b"t-0017", b"\xff"),
    "not a number": PAYLOAD.replace(b"100.0", b"NaN"),
    "no valid statement": b"{}",
    "too deep": b'{"a":' * 100_000,
    "another score": PAYLOAD.replace(b"0.86", b"0.96"),
    "another id": PAYLOAD.replace(b"fd41c918", b"0d41c918"),
    "an attachment less": json.dumps(put(BEFORE, ("attachments",), [])).encode(),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_that_is_not_this_statement_is_refused(name: str, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Invalid):
        ask(signed(PAYLOADS[name], key, {"alg": "RS256"}))


def test_a_signature_that_does_not_fit_its_certificate_is_refused(
    key: rsa.RSAPrivateKey, root: rsa.RSAPrivateKey
) -> None:
    header = {"alg": "RS256", "x5c": [certificate(key, "a", key, "a")]}
    with pytest.raises(Invalid, match="fit the certificate"):
        ask(signed(PAYLOAD, root, header))
    whole = signed(PAYLOAD, key, header)
    with pytest.raises(Invalid, match="fit the certificate"):
        ask(whole[:-8] + b"AAAAAAAA")
    head, _, mark = whole.split(b".")
    with pytest.raises(Invalid, match="fit the certificate"):
        ask(b".".join((head, part(PAYLOAD + b" ").encode(), mark)))


def test_a_certificate_of_another_kind_of_key_is_refused(key: rsa.RSAPrivateKey) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Invalid, match="RSA"):
        ask(signed(PAYLOAD, key, {"alg": "RS256", "x5c": [certificate(curve, "a", curve, "a")]}))


@pytest.mark.parametrize(
    "content", [b"", b"a.b", b"a.b.c.d", b"a..c", b"{}", b"a.b.=", b"\xff.b.c", b"aaaaa.b.c"]
)
def test_what_is_no_compact_serialization_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match=r"\[1\]\.attachments\[1\]"):
        ask(content)
