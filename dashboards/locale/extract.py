"""Collects the words for readers and brings the English catalogue up to date with them: `make messages`.

Translations are kept, new words stand empty at their place, words that nobody says any more leave. It translates nothing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from dashboards.language import catalogue
from portrait.errors import PortraitError

ROOT = Path(__file__).parents[2]
PROJECT = "teacher-digital-portrait"
HEADER = "# {n:one|more} takes its first form when n is 1. Written by `make messages`; only msgstr is edited by hand."
HAN = re.compile(r"[\u4e00-\u9fff]")
# Functions whose first argument is for a reader. An error is caught by a page, which translates its message.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "sentence": None,
    **{error.__name__: None for error in PortraitError.__subclasses__()},
}

# What an extractor of Babel yields: line, function, message, comments.
Found = Iterator[tuple[int, str, str, list[str]]]


def template() -> Catalog:
    """Every word for readers, in the order of the files they stand in."""
    with (Path(__file__).parent / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = Catalog(project=PROJECT, fuzzy=False)
    for path, _, text, comments, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        found.add(text, None, [(path, 1)], auto_comments=comments, context=context)
    return found


def held(language: str) -> Catalog:
    """The catalogue of a language as it stands; an empty one where there is none yet."""
    if not catalogue(language).exists():
        return Catalog(locale=language, header_comment=HEADER, project=PROJECT, version="1", fuzzy=False)
    with catalogue(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(found: Catalog) -> Catalog:
    """The same catalogue with the words of today."""
    # A guess from a like-sounding sentence would be shown to a reader: what is new is empty.
    found.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    return found


def write(language: str) -> Catalog:
    """The catalogue as written. Files are named without lines, so that moving code changes nothing in it."""
    found = updated(held(language))
    path = catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, found, width=110, ignore_obsolete=True, include_lineno=False)
    return found


def constants(
    file: IO[bytes], keywords: Collection[str], comments: Collection[str], options: Mapping[str, Any]
) -> Found:
    """Every Chinese text of a Python file that is neither a docstring nor a piece of an f-string."""
    tree = ast.parse(file.read())
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in silent and HAN.search(str(node.value)):
            yield node.lineno, "gettext", str(node.value), []


def yaml_values(
    file: IO[bytes], keywords: Collection[str], comments: Collection[str], options: Mapping[str, Any]
) -> Found:
    """The texts under the `keys` of a YAML file, or of its part `within`; each also as it is before `until`."""
    data = yaml.safe_load(file)
    for text in _under(data[options["within"]] if "within" in options else data, options["keys"].split()):
        for said in dict.fromkeys((text.split(options["until"])[0], text) if "until" in options else (text,)):
            yield 1, "gettext", said, []


def _under(data: Any, keys: Collection[str]) -> Iterator[str]:
    if isinstance(data, list):
        for one in data:
            yield from _under(one, keys)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in keys and isinstance(value, str) and HAN.search(value):
                yield value
            else:
                yield from _under(value, keys)


if __name__ == "__main__":
    for message in write("en"):
        if message.id and not message.string:
            sys.stdout.write(f"{message.id}\n")
