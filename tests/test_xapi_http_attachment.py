"""Files and signatures beside statements: multipart/mixed in and out, in both versions on both databases."""

import json

import pytest

from tests.lrs import (
    SIGNATURE,
    attachment,
    file_part,
    fresh,
    json_part,
    mixed,
    statement,
    unmix,
    without,
)
from tests.signing import sign

BOUNDARY = "-------314159265358979323846"
FIRST, SECOND, THIRD = (
    b"here is a simple attachment",
    b"here is another\r\nsimple attachment",
    b"\x00\xff--" + BOUNDARY[7:].encode(),
)


def send(lrs, body, boundary=f"boundary={BOUNDARY}", kind="multipart/mixed", method="POST", params=None):
    return lrs.request(
        method, "statements", params=params, data=body, headers={"Content-Type": f"{kind}; {boundary}"}
    )


def carrying(*files, **changes):
    return statement(attachments=[attachment(file) for file in files], **changes)


def test_files_go_in_and_come_out_beside_their_statement(lrs):
    one = carrying(FIRST, SECOND, THIRD)
    files = (FIRST, SECOND, THIRD)
    answer = send(lrs, mixed(json_part(one), *map(file_part, files), boundary=BOUNDARY))
    assert (answer.status_code, answer.json()) == (200, [one["id"]])
    answer = lrs.get("statements", params={"statementId": one["id"], "attachments": True})
    assert answer.status_code == 200
    head, *parts = unmix(answer)
    assert head[0]["Content-Type"].startswith("application/json")
    assert json.loads(head[1])["id"] == one["id"]
    for headers, _ in parts:
        assert headers["Content-Transfer-Encoding"] == "binary"
        assert headers["Content-Type"] == "text/plain"
    told = {headers["X-Experience-API-Hash"]: content for headers, content in parts}
    assert told == {attachment(file)["sha2"]: file for file in files}
    for file in files:
        assert answer.content.count(attachment(file)["sha2"].encode()) == 2


def test_files_come_beside_a_result_once_each(lrs):
    verb = {"id": f"http://example.org/verbs/{fresh()}"}
    batch = [carrying(FIRST, verb=verb), carrying(FIRST, SECOND, verb=verb), statement(verb=verb)]
    body = mixed(json_part(batch), file_part(FIRST), file_part(SECOND), boundary=BOUNDARY)
    assert send(lrs, body).status_code == 200
    answer = lrs.get("statements", params={"verb": verb["id"], "attachments": True})
    head, *parts = unmix(answer)
    result = json.loads(head[1])
    assert len(result["statements"]) == 3
    assert result["more"] == ""
    assert sorted(content for _, content in parts) == [FIRST, SECOND]


def test_more_keeps_the_files_coming(lrs):
    verb = {"id": f"http://example.org/verbs/{fresh()}"}
    for file in (FIRST, SECOND):
        assert send(lrs, mixed(json_part(carrying(file, verb=verb)), file_part(file), boundary=BOUNDARY)).ok
    head, *_ = unmix(lrs.get("statements", params={"verb": verb["id"], "attachments": True, "limit": 1}))
    _, part = unmix(lrs.get(json.loads(head[1])["more"]))
    assert part[1] == FIRST


@pytest.mark.parametrize("params", [{}, {"attachments": False}], ids=str)
def test_files_stay_away_unless_asked_for(lrs, params):
    one = carrying(FIRST)
    assert send(lrs, mixed(json_part(one), file_part(FIRST), boundary=BOUNDARY)).ok
    answer = lrs.get("statements", params={"statementId": one["id"]} | params)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["attachments"] == one["attachments"]


def test_an_answer_with_attachments_has_parts_even_when_there_is_no_file(lrs):
    one = statement()
    lrs.send(one)
    for params in (
        {"statementId": one["id"]},
        {"verb": one["verb"]["id"]},
        {"verb": "http://example.org/no"},
    ):
        parts = unmix(lrs.get("statements", params=params | {"attachments": True}))
        assert len(parts) == 1
        assert json.loads(parts[0][1])


def test_a_file_of_a_statement_put_is_kept(lrs):
    one = carrying(FIRST)
    body = mixed(json_part(one), file_part(FIRST), boundary=BOUNDARY)
    assert send(lrs, body, method="PUT", params={"statementId": one["id"]}).status_code == 204
    assert unmix(lrs.get("statements", params={"statementId": one["id"], "attachments": True}))[1][1] == FIRST


def test_a_file_known_by_its_address_needs_no_part_and_may_have_one(lrs):
    linked = statement(attachments=[attachment(FIRST, fileUrl="http://example.org/file.txt")])
    assert lrs.post("statements", json=linked).status_code == 200
    assert send(lrs, mixed(json_part([linked]), boundary=BOUNDARY)).status_code == 200
    both = statement(attachments=[attachment(FIRST, fileUrl="http://example.org/file.txt")])
    assert send(lrs, mixed(json_part(both), file_part(FIRST), boundary=BOUNDARY)).status_code == 200
    assert (
        unmix(lrs.get("statements", params={"statementId": both["id"], "attachments": True}))[1][1] == FIRST
    )


def test_a_body_in_parts_needs_no_files_at_all(lrs):
    assert send(lrs, mixed(json_part(statement()), boundary=BOUNDARY)).status_code == 200


def test_the_stated_length_of_a_file_is_not_held_against_it(lrs):
    picture = b"ffd8ffe0" * 10
    one = statement(attachments=[attachment(picture, length=len(picture) // 2, contentType="image/jpeg")])
    body = mixed(json_part(one), file_part(picture, Content_Type="image/jpeg"), boundary=BOUNDARY)
    assert send(lrs, body).status_code == 200


@pytest.mark.parametrize(
    ("start", "end", "colon", "boundary"),
    [
        (b"\r\n", b"", ": ", f"boundary={BOUNDARY}"),
        (b"", b"\r\n", ":", f"boundary={BOUNDARY}"),
        (b"preamble\r\n", b"\r\nepilogue", ": ", f'charset=utf-8; boundary="{BOUNDARY}"'),
    ],
)
def test_the_liberties_of_multipart_are_granted(lrs, start, end, colon, boundary):
    one = carrying(FIRST)
    body = mixed(json_part(one), file_part(FIRST), boundary=BOUNDARY, colon=colon)
    assert send(lrs, start + body.removesuffix(b"\r\n") + end, boundary=boundary).status_code == 200


def _body(*parts):
    return mixed(*parts, boundary=BOUNDARY)


FAULTS = {
    "a part no statement speaks of": lambda one: _body(
        json_part(one), *map(file_part, (FIRST, SECOND, THIRD))
    ),
    "a file that is missing": lambda one: _body(json_part(one), file_part(FIRST)),
    "no file at all": lambda one: _body(json_part(one)),
    "statements in two parts": lambda one: _body(
        json_part(one), json_part(one), *map(file_part, (FIRST, SECOND))
    ),
    "a first part of text": lambda one: _body(
        ({"Content-Type": "text/plain"}, json_part(one)[1]), *map(file_part, (FIRST, SECOND))
    ),
    "a first part that is no JSON": lambda one: _body(
        ({"Content-Type": "application/json"}, b"{"), *map(file_part, (FIRST, SECOND))
    ),
    "a file without a hash": lambda one: _body(
        json_part(one), file_part(FIRST, X_Experience_API_Hash=None), file_part(SECOND)
    ),
    "a file of another hash": lambda one: _body(
        json_part(one), file_part(FIRST, X_Experience_API_Hash="b0" * 32), file_part(SECOND)
    ),
    "a file that is not what its hash says": lambda one: _body(
        json_part(one), file_part(FIRST), (file_part(SECOND)[0], b"forged")
    ),
    "a file in base64": lambda one: _body(
        json_part(one), file_part(FIRST, Content_Transfer_Encoding="base64"), file_part(SECOND)
    ),
    "a file of no encoding": lambda one: _body(
        json_part(one), file_part(FIRST, Content_Transfer_Encoding=None), file_part(SECOND)
    ),
    "no boundary before the first part": lambda one: _body(
        json_part(one), *map(file_part, (FIRST, SECOND))
    ).removeprefix(f"--{BOUNDARY}\r\n".encode()),
    "no boundary before the second part": lambda one: _body(
        json_part(one), *map(file_part, (FIRST, SECOND))
    ).replace(f"\r\n--{BOUNDARY}\r\n".encode(), b"\r\n", 1),
    "no parts": lambda one: f"--{BOUNDARY}--\r\n".encode(),
    "nothing": lambda one: b"",
    "another boundary": lambda one: mixed(
        json_part(one), *map(file_part, (FIRST, SECOND)), boundary="-------27182818284590452353"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_body_in_parts_is_refused_whole(lrs, fault):
    one = carrying(FIRST, SECOND)
    answer = send(lrs, FAULTS[fault](one))
    assert answer.status_code == 400
    assert lrs.get("statements", params={"statementId": one["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "boundary"), [("multipart/mixed", ""), ("multipart/form-data", f"boundary={BOUNDARY}")]
)
def test_parts_need_a_boundary_and_the_right_type(lrs, kind, boundary):
    one = carrying(FIRST)
    answer = send(lrs, _body(json_part(one), file_part(FIRST)), boundary=boundary, kind=kind)
    assert answer.status_code == 400


def test_a_file_without_an_address_cannot_come_in_plain_json(lrs):
    linked = attachment(FIRST, fileUrl="http://example.org/file.txt")
    one = statement(attachments=[linked, attachment(SECOND)])
    assert lrs.post("statements", json=one).status_code == 400
    assert lrs.post("statements", json=carrying(FIRST)).status_code == 400


class TestSignature:
    """A signed statement carries a compact JWS of itself as a file."""

    def signed(self, one, payload=None, algorithm="RS256", kind="application/octet-stream"):
        token = sign(json.dumps(one if payload is None else payload).encode(), algorithm)
        described = attachment(token, usageType=SIGNATURE, contentType=kind)
        return _body(json_part(one | {"attachments": [described]}), file_part(token, Content_Type=kind))

    @pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
    def test_a_statement_may_be_signed(self, lrs, algorithm):
        one = statement()
        assert send(lrs, self.signed(one, algorithm=algorithm)).status_code == 200
        assert lrs.fetch(one["id"])["attachments"][0]["usageType"] == SIGNATURE

    @pytest.mark.parametrize("algorithm", ["HS256", "none"])
    def test_no_other_algorithm_will_do(self, lrs, algorithm):
        assert send(lrs, self.signed(statement(), algorithm=algorithm)).status_code == 400

    def test_a_signature_is_of_type_octet_stream(self, lrs):
        assert send(lrs, self.signed(statement(), kind="text/plain; charset=ascii")).status_code == 400

    @pytest.mark.parametrize("payload", [b"{'id':", b"\xff", b"[]"])
    def test_a_signature_that_signs_no_json_is_refused(self, lrs, payload):
        one = statement()
        token = sign(payload)
        described = attachment(token, usageType=SIGNATURE, contentType="application/octet-stream")
        body = _body(json_part(one | {"attachments": [described]}), file_part(token))
        assert send(lrs, body).status_code == 400

    @pytest.mark.parametrize("token", [b"", b"a.b", b"a.b.c", b"not a signature", b"....", b"e30.e30.e30"])
    def test_a_signature_that_is_none_is_refused(self, lrs, token):
        described = attachment(token, usageType=SIGNATURE, contentType="application/octet-stream")
        one = statement(attachments=[described])
        assert send(lrs, _body(json_part(one), file_part(token))).status_code == 400

    def test_a_signature_of_another_statement_is_refused(self, lrs):
        one = statement()
        forged = one | {"actor": statement()["actor"]}
        assert send(lrs, self.signed(one, payload=forged)).status_code == 400

    def test_a_signature_over_the_statement_before_it_had_an_id_holds(self, lrs):
        one = statement()
        assert send(lrs, self.signed(one, payload=without(one, "id"))).status_code == 200
