"""multipart/mixed in and out, and the attachments that statements declare against the parts that came."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portrait.xapi.attachment import match
from portrait.xapi.invalid import Invalid
from portrait.xapi.multipart import Part, compose, parse
from tests.spoken import ATTACHMENT, STATEMENT, SUB, put, with_object

HEADER = "multipart/mixed; boundary=-------314159265358979323846"
TEXT = b"here is a simple attachment"
HASH = hashlib.sha256(TEXT).hexdigest()


def body(*parts: str, end: str = "\r\n", close: str = "--") -> bytes:
    """A body of parts written with \\n."""
    mark = "---------314159265358979323846"
    text = "".join(f"{mark}\n{part}\n" for part in parts) + f"{mark}{close}\n"
    return text.replace("\n", end).encode()


JSON = "Content-Type: application/json\n\n{}"
PLAIN = f"Content-Type: text/plain\nContent-Transfer-Encoding: binary\nX-Experience-API-Hash: {HASH}\n\n{TEXT.decode()}"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_parts_are_read_whatever_the_lines_end_in(end: str) -> None:
    first, second = parse(HEADER, body(JSON, PLAIN, end=end))
    assert first == Part("application/json", b"{}", "", "")
    assert second == Part("text/plain", TEXT, HASH, "binary")


@pytest.mark.parametrize(
    "header",
    [
        "multipart/mixed; boundary=abc",
        'multipart/mixed; boundary="abc"',
        "Multipart/Mixed;BOUNDARY=abc",
        'multipart/mixed; type="application/json" ; boundary = abc; charset=utf-8',
        r'multipart/mixed; note="a;b\"c; boundary=x"; boundary="a\bc"',
    ],
)
def test_the_boundary_is_found_in_any_spelling(header: str) -> None:
    assert parse(header, b"--abc\r\n\r\nx\r\n--abc--")[0].content == b"x"


def test_preamble_epilogue_and_blanks_after_the_boundary_are_nothing() -> None:
    text = b"for old readers\r\n--abc  \t\r\ncontent-type:a/b\r\n\r\n1\r\n--abc \r\nCONTENT-TYPE:\tc/d; e=f\r\n\r\n\r\n2\r\n\r\n--abc-- \r\nnever\r\n--abc\r\n"
    assert parse("multipart/mixed; boundary=abc", text) == (
        Part("a/b", b"1", "", ""),
        Part("c/d; e=f", b"\r\n2\r\n", "", ""),
    )


def test_a_boundary_is_a_whole_line() -> None:
    text = b"--a\r\n\r\n--a-\r\nx--a\r\n --a\r\n--abc\r\n\r\n--a--"
    assert parse("multipart/mixed; boundary=a", text)[0].content == b"--a-\r\nx--a\r\n --a\r\n--abc\r\n"


def test_octets_at_the_end_of_a_part_stay() -> None:
    for end in (b"\r\n", b"\n"):
        for content in (b"", b"\r", b"\n", b"\r\n", b"x\r", b"\x00\xff\r\r"):
            text = end.join((b"--a", b"a: b", b"", content, b"--a--", b""))
            assert parse("multipart/mixed; boundary=a", text)[0].content == content, (end, content)


def test_a_header_may_be_folded() -> None:
    part = parse(
        "multipart/mixed; boundary=a", b"--a\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\n\r\n--a--"
    )[0]
    assert (part.type, part.media) == ("text/plain; charset=utf-8", "text/plain")


BROKEN = {
    "no boundary in the header": ("multipart/mixed;", body(JSON)),
    "an empty boundary": ("multipart/mixed; boundary=", body(JSON)),
    "a boundary that is too long": (f"multipart/mixed; boundary={'a' * 71}", body(JSON)),
    "a boundary of other letters": ('multipart/mixed; boundary="页"', body(JSON)),
    "another type": ("multipart/form-data; boundary=-------314159265358979323846", body(JSON)),
    "no type": ("", body(JSON)),
    "an empty body": (HEADER, b""),
    "another boundary in the body": ("multipart/mixed; boundary=abc", body(JSON)),
    "nothing but the end": (HEADER, body()),
    "no end": (HEADER, body(JSON, close="")),
    "no boundary after the first part": (HEADER, body(JSON)[:60]),
    "an empty part": (HEADER, body("", JSON).replace(b"\r\n\r\n--", b"\r\n--", 1)),
    "no empty line after the headers": (HEADER, body("Content-Type: application/json")),
    "a header without a colon": (HEADER, body(f"Content-Type: text/plain\n{HASH}\n\nx")),
    "a header without a name": (HEADER, body(": text/plain\n\nx")),
    "a header twice": (HEADER, body("Content-Type: a/b\nContent-type: c/d\n\nx")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_is_not_whole_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        parse(*BROKEN[name])


PARTS = st.lists(
    st.builds(
        Part,
        st.sampled_from(["application/json", 'text/plain; charset="utf-8"', ""]),
        st.binary(max_size=40) | st.text("\r\n-a0", max_size=12).map(str.encode),
        st.sampled_from(["", HASH]),
        st.just("binary"),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(PARTS)
def test_what_is_composed_is_parsed_again(parts: list[Part]) -> None:
    header, text = compose(parts)
    again = parse(header, text)
    assert [(part.type, part.content, part.hash) for part in again] == [
        (part.type, part.content, part.hash) for part in parts
    ]
    assert all(part.encoding == ("binary" if part.hash else "") for part in again)
    assert compose(parts) == (header, text)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("-a\r\n :", max_size=60).map(str.encode))
def test_arbitrary_bodies_are_parsed_or_invalid(text: bytes) -> None:
    try:
        parts = parse("multipart/mixed; boundary=a", text)
    except Invalid:
        return
    assert parts


def test_no_header_is_smuggled_out() -> None:
    for part in (Part("text/plain\r\nX: y", b""), Part("a/b", b"", "x\ny"), Part("文/本", b"")):
        with pytest.raises(ValueError, match="cannot be written"):
            compose([part])


def test_a_boundary_that_stands_in_a_content_is_not_taken() -> None:
    inner, _ = compose([Part("a/b", b"x")])
    held = Part("a/b", inner.encode())
    header, text = compose([held, held])
    assert [part.content for part in parse(header, text)] == [held.content] * 2


# --- statements and parts ---------------------------------------------------------------------------------------

FIRST = Part("application/json; charset=utf-8", b"[]")
SECOND = Part("text/plain", TEXT, HASH)


def stating(*declared: dict[str, Any]) -> dict[str, Any]:
    return put(STATEMENT, ("attachments",), list(declared))


def declaring(sha2: str = HASH, **more: Any) -> dict[str, Any]:
    return {**{key: value for key, value in ATTACHMENT.items() if key != "fileUrl"}, "sha2": sha2, **more}


def test_a_content_is_found_by_the_hash_that_declares_it() -> None:
    assert match([stating(declaring())], [FIRST, SECOND], "1.0.3") == {HASH: SECOND}
    assert match([stating(declaring()), stating(declaring())], [FIRST, SECOND], "2.0.0") == {HASH: SECOND}
    assert match([stating(declaring(fileUrl="http://a.example/x"))], [FIRST, SECOND], "2.0.0") == {
        HASH: SECOND
    }
    assert match([stating(ATTACHMENT)], [FIRST], "2.0.0") == {}
    assert match([stating(ATTACHMENT), put(STATEMENT, ("attachments",), ...)], [], "1.0.3") == {}


@pytest.mark.parametrize("name", ["sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("form", [str.lower, str.upper])
def test_any_sha_2_will_do(name: str, form: Any) -> None:
    digest = form(hashlib.new(name, TEXT).hexdigest())
    part = Part("text/plain", TEXT, digest, "Binary")
    assert match([stating(declaring(digest))], [FIRST, part]) == {digest: part}


def test_a_declared_length_is_not_counted() -> None:
    assert match([stating(declaring(length=1))], [FIRST, SECOND]) == {HASH: SECOND}


def test_a_substatement_s_attachments_count_too() -> None:
    statement = put(put(with_object(SUB), ("object", "attachments"), [declaring()]), ("attachments",), [])
    assert match([statement], [FIRST, SECOND]) == {HASH: SECOND}
    with pytest.raises(Invalid, match=r"\[0\]\.object\.attachments\[0\]"):
        match([statement], [FIRST])


OTHER = hashlib.sha256(b"another").hexdigest()
MISMATCHED = {
    "the first part is not JSON": ([declaring()], [Part("text/plain", b"{}"), SECOND], "part[0]"),
    "a part has no hash": ([declaring()], [FIRST, Part("text/plain", TEXT)], "part[1]"),
    "a part's hash is not declared": (
        [declaring()],
        [FIRST, SECOND, Part("a/b", b"another", OTHER)],
        "part[2]",
    ),
    "a part's hash is of something else": (
        [declaring()],
        [FIRST, Part("text/plain", b"changed", HASH)],
        "part[1]",
    ),
    "a part is encoded": ([declaring()], [FIRST, Part("text/plain", TEXT, HASH, "base64")], "part[1]"),
    "a part does not say how it is encoded": (
        [declaring()],
        [FIRST, Part("text/plain", TEXT, HASH, "")],
        "part[1]",
    ),
    "the statements are in two parts": ([declaring()], [FIRST, FIRST, SECOND], "part[1]"),
    "a content is missing": ([declaring(), declaring(OTHER)], [FIRST, SECOND], "[0].attachments[1]"),
    "plain JSON brings no contents": ([ATTACHMENT, declaring()], [], "[0].attachments[1]"),
}


@pytest.mark.parametrize("name", MISMATCHED)
@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_parts_that_do_not_match_are_refused(name: str, version: str) -> None:
    declared, parts, path = MISMATCHED[name]
    with pytest.raises(Invalid) as raised:
        match([stating(*declared)], parts, version)
    assert raised.value.path == path
