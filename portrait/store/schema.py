"""The registry's tables. Ids that come from outside keys are 63-bit hashes (portrait.hashing), so a rebuild gives the same ones."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.types import JSON, TypeDecorator

from portrait.sentence import kept, recalled


class Told(TypeDecorator[str]):
    """A sentence for readers that is kept: it reads as Chinese in the table, and comes back with its values apart."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else kept(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else recalled(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts only INTEGER PRIMARY KEY up by itself.
Id = BigInteger().with_variant(Integer, "sqlite")

# --- who and where -------------------------------------------------------------------------------------------

region = Table(
    "region",
    metadata,
    Column("adcode", String(6), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("parent", String(6), index=True),
    Column("level", String(12), nullable=False),  # province | prefecture | county
    Column("kind", String(40), nullable=False),
    Column("province_managed", Boolean, nullable=False, default=False),
)

school = Table(
    "school",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # key_number("school", code)
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("county", String(6), nullable=False, index=True),
    Column("urban_rural", String(3), nullable=False, default=""),  # data/code/urban_rural_nbs.csv; "" unknown
    Column("stage", String(4), nullable=False, default=""),
)

provider = Table(
    "provider",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # key_number("provider", code)
    Column("code", String(40), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(40), nullable=False, default=""),
)

person = Table(
    "person",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # key_number("person", key)
    Column("key", String(80), nullable=False, unique=True),  # staff number 继教编号, or "source:external"
    Column("name", String(60), nullable=False),
    Column("gender", String(1), nullable=False, default="0"),
    Column("birth_year", Integer),
    Column("school_id", BigInteger, ForeignKey("school.id"), index=True),
    Column("stage", String(4), nullable=False, default=""),
    Column("subject", String(4), nullable=False, default=""),
    Column("subject2", String(4), nullable=False, default=""),
    Column("title", String(4), nullable=False, default=""),
    Column("post", String(20), nullable=False, default=""),  # 教师 | 班主任 | 校长 …
    Column("since", Integer),  # first year of teaching
    Column("teaching", Boolean, nullable=False, default=True),  # has a teaching load
    Column("extra", JSON, nullable=False, default=dict),  # what the source adds (OULAD region, age band)
    # The person who stands for this one since the two were found to be one (table alias); null: stands alone.
    Column("stands_id", BigInteger, ForeignKey("person.id"), index=True),
)

identifier = Table(
    "identifier",
    metadata,
    Column("kind", String(12), primary_key=True),  # portrait.identity.KINDS
    Column("digest", String(64), primary_key=True),  # keyed hash of the normalised value
    Column("hint", String(20), nullable=False, default=""),  # what may be shown: last four, masked mail
    # Rosters may give one identifier to several persons; then it decides nothing by itself.
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True, index=True),
)

account = Table(
    "account",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # portrait.identity.account_id
    Column("source", String(40), nullable=False, index=True),
    Column("kind", String(12), nullable=False),  # what `shown` is: portrait.identity.KINDS
    Column("shown", String(120), nullable=False),  # the external name; masked for the sensitive kinds
    Column("digest", String(64), nullable=False, index=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), index=True),  # null: unknown person yet
    Column("reason", String(200), nullable=False, default=""),
    Column("confidence", Float, nullable=False, default=0.0),
    Column("linked_at", DateTime(timezone=True)),
    Column("name", String(60)),  # of the human being, as the platform has it; null: it does not say
)

# --- one person ----------------------------------------------------------------------------------------------


def _decided() -> list[Column[Any]]:
    """Why two things are taken for one, how sure that is, and what was decided by whom: never deleted, only followed by other rows."""
    return [
        Column("id", Id, primary_key=True, autoincrement=True),
        Column("reason", String(20), nullable=False),  # data/rules/identity.yaml
        Column("evidence", JSON, nullable=False, default=dict),
        Column("confidence", Float, nullable=False),
        Column("state", String(12), nullable=False, index=True),  # portrait.match.STATES
        Column("at", DateTime(timezone=True), nullable=False),
        Column("decided_by", String(60), nullable=False, default=""),  # "": the rules themselves
        Column("decided_at", DateTime(timezone=True), index=True),
        Column("note", String(200), nullable=False, default=""),
        Column("later_at", DateTime(timezone=True)),  # put off then
        Column("undone_by", String(60), nullable=False, default=""),
        Column("undone_at", DateTime(timezone=True), index=True),
        Column("undone_note", String(200), nullable=False, default=""),
    ]


link = Table(  # account.person_id is what the active one of an account comes to
    "link",
    metadata,
    *_decided(),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False, index=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
)

alias = Table(  # person.stands_id is what the active ones of a person come to
    "alias",
    metadata,
    *_decided(),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column(
        "stands_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True
    ),  # stands for the person
)

employment = Table(  # where a person taught and when, as successive rosters told it
    "employment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("school_id", BigInteger, ForeignKey("school.id"), nullable=False, index=True),
    Column("since", Date),  # the first day; null: as far back as records go
    Column("until", Date),  # the first day elsewhere; null: still there
    Column("told", Date),  # the day of the roster that began the spell
    Column("batch_id", ForeignKey("batch.id")),
)

# --- what is taught ------------------------------------------------------------------------------------------

course = Table(
    "course",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # key_number("course", source, code)
    Column("source", String(40), nullable=False, index=True),
    Column("code", String(80), nullable=False),
    Column("title", String(200), nullable=False),
    Column("summary", Text, nullable=False, default=""),
    Column("provider_id", BigInteger, ForeignKey("provider.id")),
    Column("hours", Float, nullable=False, default=0.0),  # 学时
    Column("mode", String(4), nullable=False, default="M2"),
    Column("theme", String(4), nullable=False, default=""),  # TS01..TS14
    Column("category", String(20), nullable=False, default=""),  # 思想政治 | 师德师风 | 业务能力
    Column("stage", String(20), nullable=False, default=""),  # codes joined by |; "" = all
    Column("subject", String(40), nullable=False, default=""),
    Column("level_from", String(2), nullable=False, default=""),
    Column("level_to", String(2), nullable=False, default=""),
    Column("starts", Date),
    Column("ends", Date),
    Column("shelf", Boolean, nullable=False, default=False),  # in the course supermarket
    UniqueConstraint("source", "code"),
)

alignment = Table(
    "alignment",
    metadata,
    Column("course_id", BigInteger, ForeignKey("course.id"), primary_key=True),
    Column("indicator", String(8), primary_key=True),
    Column("percent", Integer, nullable=False),  # 1..100
)

unlisted = Table(  # a course that a source's records name and the catalogue did not hold when they came in
    "unlisted",
    metadata,
    Column(
        "course_id", BigInteger, primary_key=True, autoincrement=False
    ),  # as in course: it may be there by now
    Column("source", String(40), primary_key=True),  # whose records they are
    Column("catalogue", String(40), nullable=False),  # the source whose catalogue the code was taken for
    Column("code", String(300), nullable=False),
)

# --- classes as sheets name them -----------------------------------------------------------------------------

named_run = (
    Table(  # a class that a sheet names, by a name or a code under which its source has registered none
        "named_run",
        metadata,
        Column("run_id", BigInteger, primary_key=True, autoincrement=False),  # of its records
        Column(
            "catalogue", String(40), primary_key=True
        ),  # the source whose class it is; blank where nothing says it
        Column("name", String(300), nullable=False),
        Column("first", Date),  # first and last day of its records
        Column("last", Date),
        Column("class_id", BigInteger),  # the class that it means, as the last refresh found it
    )
)

# --- competency frameworks -----------------------------------------------------------------------------------

framework = Table(
    "framework",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column(
        "identifier", String(200), nullable=False, unique=True
    ),  # of the CFDocument, or made from our title
)

framework_version = Table(
    "framework_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("framework_id", ForeignKey("framework.id"), nullable=False),
    Column(
        "number", Integer, nullable=False
    ),  # counts up; never overwritten, so that what named it can still show it
    Column("title", String(300), nullable=False),
    Column("label", String(80), nullable=False, default=""),  # the publisher's name for the version
    Column("form", String(8), nullable=False),  # case | own
    Column("digest", String(64), nullable=False),  # of what it says: the same again is no new version
    Column("content", String(64), nullable=False),  # sha256 of the archived file
    Column("file", String(300), nullable=False),  # name as received
    Column("items", Integer, nullable=False),
    Column("associations", Integer, nullable=False),
    Column("document", JSON, nullable=False),  # all but items and associations
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("framework_id", "number"),
)

framework_item = Table(
    "framework_item",
    metadata,
    Column("version_id", ForeignKey("framework_version.id"), primary_key=True),
    Column("place", Integer, primary_key=True),  # in the file, from 0
    Column("identifier", String(200), nullable=False),
    Column("code", Text, nullable=False, default=""),
    Column("statement", Text, nullable=False),
    Column("english", Text, nullable=False, default=""),
    Column("kind", Text, nullable=False, default=""),
    Column("body", JSON, nullable=False),  # all of it as it came
    UniqueConstraint("version_id", "identifier"),
)

framework_association = Table(
    "framework_association",
    metadata,
    Column("version_id", ForeignKey("framework_version.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("identifier", String(420), nullable=False),
    Column("kind", String(20), nullable=False),  # isChildOf | exactMatchOf | …, from origin to destination
    Column("origin", String(200), nullable=False),
    Column("destination", String(200), nullable=False),
    Column("sequence", Integer),
    Column("body", JSON, nullable=False),
)

# --- programme -----------------------------------------------------------------------------------------------

training_class = Table(
    "training_class",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # key_number("class", source, code)
    Column("source", String(40), nullable=False),
    Column("code", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("category", String(4), nullable=False, default=""),  # GP1..GP7, SP1..SP5
    Column("subproject", String(120), nullable=False, default=""),
    Column("level", String(2), nullable=False, default=""),  # L1..L5
    Column("mode", String(4), nullable=False, default="M5"),
    Column("provider_id", BigInteger, ForeignKey("provider.id"), index=True),
    Column("course_id", BigInteger, ForeignKey("course.id")),  # what the class teaches and is aligned with
    Column("starts", Date),
    Column("ends", Date),
    Column("hours", Float, nullable=False, default=0.0),
    Column("sessions", Integer, nullable=False, default=0),  # attendance days planned
    Column("tasks", Integer, nullable=False, default=0),  # marked tasks planned
    UniqueConstraint("source", "code"),
)

quota = Table(
    "quota",
    metadata,
    Column("class_id", BigInteger, ForeignKey("training_class.id"), primary_key=True),
    Column("region", String(6), primary_key=True),  # county or city adcode
    Column("n", Integer, nullable=False),
)

enlisted = Table(  # what lists say of trainees, by the account under which each knows them
    "enlisted",
    metadata,
    Column("class_id", BigInteger, ForeignKey("training_class.id"), primary_key=True),
    Column("account_id", BigInteger, ForeignKey("account.id"), primary_key=True, index=True),
    Column("region", String(6), nullable=False, default=""),
    Column("confirmed", Date),
    Column("checked_in", Date),
    Column("graduated", Date),
    Column("left", Date),
    Column("reason", String(80), nullable=False, default=""),
    Column("batch_id", ForeignKey("batch.id")),  # of the newest list that names the account; null: not known
    # Of each thing the newest list that says it; null: not known, or nothing said.
    Column("region_batch", BigInteger),
    Column("confirmed_batch", BigInteger),
    Column("checked_in_batch", BigInteger),
    Column("graduated_batch", BigInteger),
    Column("left_batch", BigInteger),
    Column("reason_batch", BigInteger),
)

trainee = Table(  # one seat of one human being: what the rows of `enlisted` come to (portrait.store.seat)
    "trainee",
    metadata,
    Column("class_id", BigInteger, ForeignKey("training_class.id"), primary_key=True),
    Column("account_id", BigInteger, ForeignKey("account.id"), primary_key=True, index=True),
    Column("region", String(6), nullable=False, default="", index=True),  # county that sent the teacher, then
    Column("confirmed", Date),  # 选派 confirmed
    Column("checked_in", Date),  # 报到
    Column("graduated", Date),  # 结业
    Column("left", Date),  # 中途退出
    Column("reason", String(80), nullable=False, default=""),  # of no-show or leaving
)

followup = Table(  # what a class's staff answered to “may not finish”; appended, the newest counts
    "followup",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("class_id", BigInteger, ForeignKey("training_class.id"), nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id"), nullable=False),
    Column("answer", String(12), nullable=False),  # portrait.store.followup.ANSWERS
    Column("note", String(200), nullable=False, default=""),
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

# --- attendance and offline study ----------------------------------------------------------------------------

proof = Table(  # a file that shows that something took place; the file itself stands in the archive
    "proof",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("content", String(64), nullable=False),  # sha256 of the archived file
    Column("name", String(120), nullable=False),  # as received
    Column("type", String(8), nullable=False),  # portrait.proof.TYPES
    Column("size", Integer, nullable=False),  # bytes
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

claim = Table(  # attendance or school-based study that waits for somebody to confirm it, or was
    "claim",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column(
        "record", LargeBinary(16), unique=True
    ),  # of the lake, when it came in by a file; null: handed in here
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("class_id", BigInteger, ForeignKey("training_class.id"), index=True),
    Column("kind", String(12), nullable=False),  # activity | attendance
    Column("title", String(120), nullable=False),
    Column("day", Date, nullable=False),
    Column("hours", Float, nullable=False, default=0.0),
    Column("proof_id", ForeignKey("proof.id"), index=True),
    Column("state", String(12), nullable=False),  # submitted | confirmed | returned | withdrawn
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", String(300), nullable=False, default=""),  # of the return
    Column("confirmed_by", String(60), nullable=False, default=""),  # who decided, either way
    Column("confirmed_at", DateTime(timezone=True)),
    # What was decided on (portrait.lake.content.facts_sql) of a record that came in by a file; null: whatever it comes to say.
    Column("facts", LargeBinary(16)),
)

# --- intake --------------------------------------------------------------------------------------------------

batch = Table(
    "batch",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # content hash(es) + mapping digest + stream
    Column("source", String(40), nullable=False, index=True),
    Column("stream", String(60), nullable=False),
    Column("target", String(20), nullable=False),
    Column("file", String(300), nullable=False),  # name as received
    Column("content", String(64), nullable=False),  # sha256 of the archived file
    Column("inputs", JSON, nullable=False, default=list),  # joined files: [{alias, file, content}]
    Column("mapping", String(80), nullable=False),  # name@version
    Column("recipe", String(64)),  # sha256 of the archived mapping file
    Column("arrived", Date),  # the day it came in, by the site's today
    Column("origin", ForeignKey("batch.id"), index=True),  # of a replay: the batch whose rows were read again
    Column("state", String(12), nullable=False),  # running | done | failed
    Column("by", String(60), nullable=False),
    Column("started", DateTime(timezone=True), nullable=False),
    Column("finished", DateTime(timezone=True)),
    Column("rows_read", BigInteger, nullable=False, default=0),
    Column("rows_stored", BigInteger, nullable=False, default=0),
    Column("rows_duplicate", BigInteger, nullable=False, default=0),
    Column("rows_quarantined", BigInteger, nullable=False, default=0),
    Column(
        "rows_passed", BigInteger, nullable=False, default=0
    ),  # rows the mapping's `where` leaves to other streams
    Column("rows_doubtful", BigInteger, nullable=False, default=0),  # stored, but flagged
    Column("rows_unmatched", BigInteger, nullable=False, default=0),  # stored, person unknown yet
    Column("message", Told, nullable=False, default=""),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("batch_id", ForeignKey("batch.id"), nullable=False, index=True),
    Column("sheet", String(60), nullable=False, default=""),
    Column("line", BigInteger, nullable=False),
    Column("column", String(80), nullable=False, default=""),
    Column("code", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", JSON, nullable=False),
    Column("mended", String(64)),  # sha256 of the archived cells that a person corrected
    Column("state", String(12), nullable=False, default="open"),  # open | replayed | dismissed
    Column("replay", ForeignKey("batch.id"), index=True),  # the replay that took the row
    Column("decided_by", String(60), nullable=False, default=""),
    Column("decided_at", DateTime(timezone=True)),
    UniqueConstraint("batch_id", "sheet", "line"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)

mark = Table(  # what has been seen to once, and by which version of its rules
    "mark",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# What people and platforms say about a record that is in, or will come: append-only, the newest of a target holds.
ruling = Table(
    "ruling",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False, default=""),
    Column("record", LargeBinary(16), index=True),  # one record, or
    Column("key_number", BigInteger, index=True),  # every record of this key, also one that comes later
    Column("said", String(12), nullable=False),  # void | restore | clear | refuse | reopen | confirm | return
    Column("flag", Integer, nullable=False, default=0),  # what made it doubtful when that was said
    Column("reason", String(300), nullable=False),
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("facts", LargeBinary(16)),  # of confirm and return: what was seen, see claim.facts
)

# --- learning record store (xAPI) --------------------------------------------------------------------------------

# Agents, verbs, activities and registrations are known by 63-bit numbers of their text keys (portrait.xapi.term): what is
# searched for is the same on every machine without looking anything up first.

credential = Table(  # what a source platform signs in with
    "credential",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String(40), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),  # sha256 of the secret, which is random and long
    Column("source", String(40), nullable=False, index=True),
    Column("name", String(120), nullable=False),  # of the authority that its statements carry
    Column("authority", JSON, nullable=False),  # that authority, an Agent
    Column("write", Boolean, nullable=False),
    Column("read", String(4), nullable=False),  # none | own | all
    Column("version", String(8), nullable=False),  # answered with where the request names none: 1.0.3 | 2.0.0
    Column("rate", Integer, nullable=False, default=0),  # requests a second; 0 = no limit
    Column("lenient", Boolean, nullable=False, default=False),  # repairs known faults, and records each
    Column("by", String(60), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("revoked", DateTime(timezone=True)),
)

statement = Table(
    "statement",
    metadata,
    # When it was stored, in microseconds since 1970, made unique: the order of statements and their time in one column.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("credential", Integer, nullable=False),
    Column("flag", SmallInteger, nullable=False),  # portrait.xapi.body.Mark
    Column("voided", Boolean, nullable=False),
    Column("agent", BigInteger, nullable=False),
    Column("verb", BigInteger, nullable=False),
    Column(
        "activity", BigInteger, nullable=False
    ),  # the object's number, be it activity or agent; 0 = neither
    Column("registration", BigInteger, nullable=False),  # 0 = none
    Column("target", Uuid),  # the statement that this one refers to as its object
    Column("body", LargeBinary, nullable=False),  # what was sent, without what the other columns say
)

mention = Table(  # agents and activities of a statement beyond its own actor and object
    "mention",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

echo = Table(  # a statement that refers to another is found by what that other one says, and so on along the chain
    "echo",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("said", BigInteger, primary_key=True, autoincrement=False),  # seq of the statement referred to
    Column("depth", SmallInteger, nullable=False),  # over how many references
    # … and what that one says, so that a search need not look at it.
    Column("credential", Integer, nullable=False),
    Column("agent", BigInteger, nullable=False),
    Column("verb", BigInteger, nullable=False),
    Column("activity", BigInteger, nullable=False),
    Column("registration", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

attachment = Table(
    "attachment",
    metadata,
    Column("sha2", String(128), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

agent = Table(
    "agent",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("ifi", JSON, nullable=False),  # {"mbox": …} and the like
    Column("names", JSON, nullable=False),  # as they were sent, the newest last
)

activity = Table(
    "activity",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("iri", Text, nullable=False),
    Column("definition", JSON, nullable=False),  # what all statements together say of it
)

document = Table(  # state, activity profile and agent profile
    "document",
    metadata,
    Column("resource", String(1), primary_key=True),  # s | a | g
    Column("activity", BigInteger, primary_key=True, autoincrement=False),
    Column("agent", BigInteger, primary_key=True, autoincrement=False),
    Column("registration", BigInteger, primary_key=True, autoincrement=False),
    Column("name", BigInteger, primary_key=True, autoincrement=False),  # number of the text id
    Column("text", Text, nullable=False),  # stateId or profileId
    Column("type", String(200), nullable=False),
    Column("etag", String(40), nullable=False),  # sha1 of the content
    Column("updated", BigInteger, nullable=False),  # microseconds since 1970
    Column("source", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

repair = Table(  # what lenient credentials let pass, and what was made of it
    "repair",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("credential", Integer, nullable=False, index=True),
    Column("statement", Uuid, nullable=False),
    Column("code", String(40), nullable=False),
    Column("path", String(200), nullable=False),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
)

forwarded = Table(  # up to which statement a source's records have been taken into the lake
    "forwarded",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

# --- readers -------------------------------------------------------------------------------------------------

user = Table(
    "user_account",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("password", String(200), nullable=False),  # argon2
    Column("role", String(12), nullable=False),  # portrait.scope.Role
    Column("person_id", BigInteger, ForeignKey("person.id")),
    Column("provider_id", BigInteger, ForeignKey("provider.id")),
    Column("school_id", BigInteger, ForeignKey("school.id")),
    Column(
        "office", String(10), nullable=False, default=""
    ),  # OFFICE_A | OFFICE_B | OFFICE_C | "" (province: all)
    Column("region", String(6), nullable=False, default=""),  # city or county of a bureau
    Column("active", Boolean, nullable=False, default=True),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("last_login", DateTime(timezone=True)),
)

attempt = Table(
    "attempt",
    metadata,
    Column("key", String(80), primary_key=True),  # login:<sha256> | address:<sha256>: unknown logins lock too
    Column("failures", Integer, nullable=False),
    Column("last", DateTime(timezone=True), nullable=False),
    Column("locked_until", DateTime(timezone=True)),
)

session = Table(
    "session",
    metadata,
    Column("token", String(64), primary_key=True),  # sha256 of the cookie's random token
    Column("user_id", ForeignKey("user_account.id"), nullable=False, index=True),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("seen", DateTime(timezone=True), nullable=False),
    Column("ended", DateTime(timezone=True)),
)

preference = Table(
    "preference",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("name", String(40), primary_key=True),  # personalised | language
    Column("value", String(80), nullable=False),
)

self_rating = Table(
    "self_rating",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("node", String(8), nullable=False),
    Column("value", Integer, nullable=False),  # 1..4, the band the teacher sees in themselves
    Column("at", DateTime(timezone=True), nullable=False),
)

election = Table(
    "election",
    metadata,
    Column("person_id", BigInteger, ForeignKey("person.id"), primary_key=True),
    Column("course_id", BigInteger, ForeignKey("course.id"), primary_key=True),
    Column("answer", String(12), nullable=False),  # take | later | no | withdrawn
    Column("reason", String(300), nullable=False, default=""),  # what was shown as the reason
    Column("at", DateTime(timezone=True), nullable=False),
)

contest = Table(
    "contest",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
    Column("node", String(8), nullable=False, default=""),
    Column("record", LargeBinary(16)),
    Column("text", Text, nullable=False),
    Column("state", String(12), nullable=False, default="open"),  # open | withdrawn | upheld | rejected
    Column("at", DateTime(timezone=True), nullable=False),
    Column("due", Date, nullable=False),
    Column("decision", Text, nullable=False, default=""),
    Column("decided_by", String(60), nullable=False, default=""),
    Column("decided_at", DateTime(timezone=True)),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", String(60), nullable=False),
    Column("role", String(12), nullable=False, default=""),
    Column("action", String(40), nullable=False),
    Column("object", String(120), nullable=False, default=""),
    Column("outcome", String(12), nullable=False),  # ok | refused | failed
    Column("reason", String(300), nullable=False, default=""),
    Column("chain", String(64), nullable=False),  # sha256 over the previous chain value and this row
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: its row lock orders the writers
    Column("rows", BigInteger, nullable=False),
    Column("chain", String(64), nullable=False),
)

Index("ix_followup_class", followup.c.class_id, followup.c.account_id)
Index("ix_claim_state", claim.c.state)
Index("ix_framework_association_origin", framework_association.c.origin)
Index("ix_election_course", election.c.course_id)
Index("ix_contest_state", contest.c.state)
# A statement is looked for by one thing or the other, the newest first.
for found_by in ("agent", "verb", "activity", "credential"):
    Index(f"ix_statement_{found_by}", statement.c[found_by], statement.c.seq)
for found_by in ("agent", "verb", "activity", "credential", "registration"):
    Index(f"ix_echo_{found_by}", echo.c[found_by], echo.c.seq)
Index(
    "ix_statement_registration",
    statement.c.registration,
    statement.c.seq,
    postgresql_where=statement.c.registration != 0,
    sqlite_where=statement.c.registration != 0,
)
Index(
    "ix_statement_target",
    statement.c.target,
    postgresql_where=statement.c.target.is_not(None),
    sqlite_where=statement.c.target.is_not(None),
)
Index("ix_echo_said", echo.c.said)
