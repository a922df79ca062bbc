"""Every exception the product raises on purpose.

PortraitError
├── Misused             the words of a command do not fit together
├── SettingError        a setting cannot be used
├── MappingError        a source mapping is wrong
├── InputError          a file cannot be read as what it claims to be
├── Unread              files were handed in that nothing reads
├── AccessRefused       an actor asked for what its scope does not hold
├── NotFound            nothing by that name, for this actor
├── LakeBusy            another process is writing the lake
├── LakeOutdated        the lake is to be made again before anything more comes in
├── LakeForeign         lake and registry do not belong together, or are copies of different days
└── ModelUnusable       a saved model is missing, damaged or of another version
"""

from __future__ import annotations

from typing import Any

from portrait.sentence import sentence


class PortraitError(Exception):
    """Base of all of them: a message for the reader and a stable code for scripts.

    A message that pages show is said with its values apart, `InputError("异议最多 {most} 字", most=500)`, so that it can be translated.
    """

    code = "P000"
    exit_code = 1

    def __init__(self, message: str, /, **values: Any) -> None:
        self.message = sentence(message, **values)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


class Misused(PortraitError):
    """Raised when a command has an unknown word, lacks one, or has words that do not fit together."""

    code = "P010"
    exit_code = 2


class SettingError(PortraitError):
    """Raised when a setting is unknown, malformed or points to something unusable."""

    code = "P100"
    exit_code = 2


class MappingError(PortraitError):
    """Raised when a source mapping names an unknown target, field, file, column or value map."""

    code = "P200"
    exit_code = 2


class InputError(PortraitError):
    """Raised when a whole file cannot be read: missing column, unknown encoding, broken workbook, empty file."""

    code = "P300"
    exit_code = 3


class Unread(PortraitError):
    """Raised when all that could be read of what was handed in is in, and files are left that nothing reads."""

    code = "P310"
    exit_code = 3


class AccessRefused(PortraitError):
    """Raised when an actor asks for a page, person, class or batch outside its scope."""

    code = "P400"
    exit_code = 4


class NotFound(PortraitError):
    """Raised when a name leads to nothing that this actor may see."""

    code = "P404"
    exit_code = 4


class LakeBusy(PortraitError):
    """Raised when another process holds the lease of the lake's single writer."""

    code = "P500"
    exit_code = 5


class LakeOutdated(PortraitError):
    """Raised when something would come in that the lake, made by rules of before, would hold twice."""

    code = "P510"
    exit_code = 5


class LakeForeign(PortraitError):
    """Raised when the registry that is opened is not the one whose batches the home's lake holds, or of another day than the lake, or when
    the lake cannot say."""

    code = "P520"
    exit_code = 5


class ModelUnusable(PortraitError):
    """Raised when a saved model is missing, fails its checksum or was saved by other library versions."""

    code = "P600"
    exit_code = 6
