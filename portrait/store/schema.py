"""The registry's tables. Ids that come from outside keys are 63-bit hashes (portrait.hashing), so a rebuild gives the same ones."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import JSON

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
)

identifier = Table(
    "identifier",
    metadata,
    Column("kind", String(12), primary_key=True),  # staff | mail | phone | idno | native
    Column("digest", String(64), primary_key=True),  # keyed hash of the normalised value
    Column("hint", String(20), nullable=False, default=""),  # what may be shown: last four, masked mail
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False, index=True),
)

account = Table(
    "account",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # portrait.identity.account_id
    Column("source", String(40), nullable=False, index=True),
    Column("kind", String(12), nullable=False),  # what `shown` is: staff | mail | phone | idno | native
    Column("shown", String(120), nullable=False),  # the external name; masked for mail, phone, idno
    Column("digest", String(64), nullable=False, index=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), index=True),  # null: unknown person yet
    Column("reason", String(200), nullable=False, default=""),
    Column("confidence", Float, nullable=False, default=0.0),
    Column("linked_at", DateTime(timezone=True)),
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

trainee = Table(
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
    Column("message", Text, nullable=False, default=""),
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

# What people and platforms say about a record that is in, or will come: append-only, the newest of a target holds.
ruling = Table(
    "ruling",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False, default=""),
    Column("record", LargeBinary(16), index=True),  # one record, or
    Column("key_number", BigInteger, index=True),  # every record of this key, also one that comes later
    Column("said", String(12), nullable=False),  # void | restore | clear | refuse | reopen
    Column("flag", Integer, nullable=False, default=0),  # what made it doubtful when that was said
    Column("reason", String(300), nullable=False),
    Column("by", String(60), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
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
Index("ix_election_course", election.c.course_id)
Index("ix_contest_state", contest.c.state)
