"""Writes the lock files again: versions and hashes of every package, never an address.

The machine's own pip configuration (mirrors, folders of wheels) is left out, so that the same files come out everywhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
OPTIONS = [
    "--quiet",
    "--no-header",
    "--strip-extras",
    "--allow-unsafe",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--build-deps-for=editable",
]


def compile_lock(name: str, *options: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_") or k == "PIP_CERT"}
    environment["PIP_CONFIG_FILE"] = os.devnull
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *options]
    subprocess.run(
        [*command, f"--output-file=lock/{name}", "pyproject.toml"],
        check=True,
        cwd=FOLDER.parent,
        env=environment,
    )


if __name__ == "__main__":
    compile_lock("runtime.txt")
    compile_lock("test.txt", "--extra=test", "--constraint=lock/runtime.txt")
