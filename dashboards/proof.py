"""Proof files in and out past Dash: as they are, of one fixed type, to be saved and never shown inside the site; every look is audited."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, request

from dashboards.language import gettext
from dashboards.page import Context
from portrait.errors import AccessRefused, InputError, NotFound, PortraitError
from portrait.offline import expect_proof, proof_file, receive_proof
from portrait.proof import TYPES, most_bytes, proof_type
from portrait.sentence import sentence

_BLOCK = 1 << 20


def handed_out(context: Callable[[], Context], number: int) -> Response:
    """The proof of a claim as a download, for who may see the claim."""
    try:
        here = context()
        claim, proof, path = proof_file(here.site, here.scope, number)
    except PortraitError as error:
        status = 403 if isinstance(error, AccessRefused) else 404 if isinstance(error, NotFound) else 422
        return Response(gettext(error.message), status=status, mimetype="text/plain")
    here.note("open-proof", f"claim:{claim.id}", reason=sentence("证明材料 {name}", name=proof.name))
    answer = Response(path.read_bytes(), mimetype=TYPES[proof.type][1])
    ascii_name = f"proof-{claim.id}.{proof.type}"
    answer.headers["Content-Disposition"] = (
        f"attachment; filename={ascii_name}; filename*=UTF-8''{quote(proof.name)}"
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def taken_in(context: Callable[[], Context]) -> Any:
    """The body of a request as a proof of who is signed in."""
    try:
        here = context()
        name = request.args.get("name", "")[:300]
        proof_type(name)
        expect_proof(here.site, here.scope)  # before the body is read
        request.max_content_length = most_bytes() + _BLOCK
        with tempfile.TemporaryDirectory(dir=here.site.settings.home, prefix="half-") as folder:
            path = Path(folder) / "proof"
            with path.open("wb") as file:
                while block := request.stream.read(_BLOCK):
                    if file.tell() > most_bytes():
                        raise InputError("{file}：超过 {most} MB 的上限", file=name, most=most_bytes() >> 20)
                    file.write(block)
            proof = receive_proof(here.site, path, name, by=here.actor.login)
    except PortraitError as error:
        return jsonify(message=gettext(error.message)), 403 if isinstance(error, AccessRefused) else 422
    here.note("upload-proof", f"proof:{proof.id}")
    return jsonify(id=proof.id, name=proof.name)
