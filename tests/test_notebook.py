"""The notebooks run from end to end as they stand, hold no output and no function, and their numbers agree with the product's."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DATA = Path(os.environ.get("TEACHER_DATA", ROOT.parent / "shared" / "data"))


def read(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook after its last cell. A cell that fails raises."""
    monkeypatch.setenv("TEACHER_DATA", str(DATA.resolve()))
    monkeypatch.setenv("PYTHONWARNINGS", "error::FutureWarning")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the client says of event loops and sockets is not ours
        from nbclient import NotebookClient

        notebook = read(path)
        resources = {"metadata": {"path": str(FOLDER)}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook


def test_there_are_two_numbered_stories() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["1_", "2_"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_without_functions(path: Path) -> None:
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert not any(re.search(r"(?m)^\s*(def|class) |\blambda\b", cell.source) for cell in code)
    assert notebook.cells[0].source.startswith(f"# {path.name[0]} ")


@pytest.mark.slow
def test_the_portrait_is_derived_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = run(FOLDER / "1_portrait.ipynb", monkeypatch)
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "教学设计：0.690" in said


@pytest.mark.slow
def test_oulad_goes_from_file_to_portrait(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (DATA / "oulad" / "studentVle.parquet").exists():
        pytest.skip(f"{DATA} 里没有 oulad；用环境变量 TEACHER_DATA 指出放着它的文件夹")
    run(FOLDER / "2_oulad.ipynb", monkeypatch)
