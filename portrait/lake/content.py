"""What a record says, as SQL over its columns: rows that say the same are one, however they are spelled and whenever they came."""

from __future__ import annotations

from portrait.record import Flag

_WIDE = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F)) + "\u3000"
_NARROW = "".join(map(chr, range(0x21, 0x7F))) + " "
# Not what is doubted of a record, and not what others have decided on it.
_SEEN = Flag.SCORED | Flag.OFFSITE | Flag.FACE
_WHOLE = ("account", "course", "run", "kind", "weight", "count", "seconds", "credit")
SAID_RUN = "said_run"  # the run as the file has it, of a view that says instead which class it means


def item_sql(row: str = "") -> str:
    """The name of a record's project without width, case and spaces."""
    wide, narrow = _WIDE.replace("'", "''"), _NARROW.replace("'", "''")
    return f"lower(regexp_replace(translate({row}item, '{wide}', '{narrow}'), '\\s+', '', 'g'))"


def verified_sql(flag: str = "own") -> str:
    """Whether the record's own file says that it has been checked. `flag` is the column of its flags as they came in: `own` of what
    counts (portrait.lake.engine.counted), for what a refresh made of them is no word of the file."""
    return f"({flag} & {int(Flag.VERIFIED)} <> 0)"


def facts_sql(row: str = "", *, landed: bool = False, item: str = "") -> str:
    """What somebody who decides on a record has seen of it, as 16 bytes: who, what, when, where, how much, and whether its file
    calls it checked; not when its source changed it, and not its place in a file. Made of whole numbers and text alone, for it
    is kept in the registry for good and must not change with the engine, nor with the classes that are registered.

    Of the view of what counts, whose flags and classes are those of a refresh, the columns are taken that say what came in; `landed`:
    of records as they came in. `item` is SQL that gives `item_sql` where that has been worked out already.
    """
    flag, run = ("flag", "run") if landed else ("own", SAID_RUN)
    parts = [
        *(f'{row}"{run if name == "run" else name}"::bigint::varchar' for name in _WHOLE),
        *(f"TRY_CAST(round({row}{name} * 10000) AS BIGINT)::varchar" for name in ("score", "score_max")),
        f"epoch_us({row}time)::varchar",
        f"({row}{flag} & {int(_SEEN)})::varchar",
        f"{verified_sql(row + flag)}::integer::varchar",
        item or item_sql(row),
    ]
    return f"unhex(md5(concat_ws(chr(31), {', '.join(f'coalesce({part}, chr(30))' for part in parts)})))"
