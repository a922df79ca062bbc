"""What is foreign to whom in the little province of tests/readers.py, and one row in quarantine that is an administrator's to see."""

from portrait.store.batch import Counts, close_batch, open_batch
from portrait.store.quarantine import Refused, store_refused
from tests.readers import CLASSES, PERSONS, PROVIDERS, SCHOOLS, START

REFUSED_ROW = "戊隔离行原样"  # a name in a row that waits in quarantine

# Names that may stand on a page of this reader; every other name of the little province is foreign.
OWN = {
    "teacher": {PERSONS[1], SCHOOLS[1][1], CLASSES[101][2], PROVIDERS[1]},
    "colleague": {PERSONS[2], SCHOOLS[1][1], CLASSES[102][2], PROVIDERS[2]},
    "trainer": {PERSONS[1], PERSONS[3], SCHOOLS[1][1], SCHOOLS[2][1], CLASSES[101][2], PROVIDERS[1]},
    "office": {CLASSES[101][2], CLASSES[102][2], *PROVIDERS.values(), *PERSONS.values()}
    | {name for _, name in SCHOOLS.values()},
    "office-a": {CLASSES[101][2], PROVIDERS[1], PERSONS[1], PERSONS[3], SCHOOLS[1][1], SCHOOLS[2][1]},
    "bureau": {PERSONS[1], PERSONS[2], SCHOOLS[1][1], *(c[2] for c in CLASSES.values()), *PROVIDERS.values()},
    "county": {PERSONS[3], SCHOOLS[2][1], CLASSES[101][2], PROVIDERS[1]},
    "school": {PERSONS[1], PERSONS[2], SCHOOLS[1][1], *(c[2] for c in CLASSES.values()), *PROVIDERS.values()},
    "admin": {REFUSED_ROW},
}
NAMES = {
    REFUSED_ROW,
    *PERSONS.values(),
    *(name for _, name in SCHOOLS.values()),
    *PROVIDERS.values(),
    *(name for _, _, name in CLASSES.values()),
}


def foreign_names(shown, login):
    return {name for name in NAMES - OWN[login] if name in shown}


def refuse_a_row(registry):
    """One batch of the source lms whose only row waits in quarantine."""
    number = open_batch(
        registry, key="b", now=START, source="lms", stream="s", target="person", file="f.csv",
        content="c", inputs=[], mapping="m@1", by="t",
    ).id  # fmt: skip
    with registry.begin() as connection:
        row = Refused("", 2, "姓名", "missing", "姓名：不能为空", {"姓名": REFUSED_ROW})
        store_refused(connection, number, [row])
        close_batch(connection, number, Counts(rows_read=1, rows_quarantined=1), "", START)
