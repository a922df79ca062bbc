"""Rules of the house that neither ruff nor import-linter can say."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("portrait", "models", "dashboards")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body


def test_only_access_touches_the_session() -> None:
    session = {"flask.session", "portrait.store.session.find_session", "portrait.store.session.open_session"}
    guilty = [
        name(path)
        for path in MODULES
        if imported(ast.parse(path.read_text(encoding="utf-8"))) & session
        and name(path) not in ("dashboards/access.py", "portrait/store/session.py")
    ]
    assert guilty == []


def test_only_the_settings_read_the_environment() -> None:
    guilty = [
        name(path)
        for path in MODULES
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
        and name(path) != "portrait/settings.py"
    ]
    assert guilty == []


@pytest.mark.parametrize(
    ("written", "where"),
    [
        # Seats follow from lists and links: whoever else wrote them, or made an account somebody's, would leave them behind.
        (
            r"\b(insert|update|delete)\(trainee\)|\b(put|fold)\(\s*\w+,\s*\"?trainee\b",
            "portrait/store/seat.py",
        ),
        (r"\bupdate\(account\)", "portrait/store/link.py"),
    ],
)
def test_seats_and_whose_accounts_are_is_written_in_one_place_each(written: str, where: str) -> None:
    assert [name(path) for path in MODULES if re.search(written, path.read_text(encoding="utf-8"))] == [where]


def test_no_file_names_an_address_of_a_registry_or_a_folder_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("没有 git 清单")
    # Put together here, so that this file does not contain what it looks for.
    banned = re.compile(
        "|".join(
            (
                "py" + r"pi\.org",
                "pythonhosted" + r"\.org",
                "/ro" + "ot/",
                "/ho" + "me/[a-z]",
                "--index" + "-url",
            )
        )
    )
    guilty = []
    for listed_name in filter(None, listed.stdout.split("\0")):
        path = ROOT / listed_name
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        guilty += [f"{listed_name}: {found.group()}" for found in banned.finditer(text)]
    assert guilty == []


def test_the_lock_has_versions_and_hashes_and_no_address() -> None:
    for file in ("runtime.txt", "test.txt"):
        text = (ROOT / "lock" / file).read_text(encoding="utf-8")
        assert "://" not in text
        entries = re.split(r"\n(?=[a-z0-9])", "\n" + re.sub(r"(?m)^\s*#.*\n", "", text))[1:]
        assert len(entries) > 50
        for entry in entries:
            assert re.match(r"[a-z0-9._-]+==\S+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", entry), (
                entry[:80]
            )


def test_the_lock_of_the_tests_extends_the_lock_of_the_product() -> None:
    def pins(file: str) -> set[str]:
        return set(re.findall(r"(?m)^[a-z0-9._-]+==\S+", (ROOT / "lock" / file).read_text(encoding="utf-8")))

    assert pins("runtime.txt") <= pins("test.txt")
