"""Who may see what: Actor → Scope → SQL conditions, each with its reason (DOMAIN 1.3). The one place that decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from portrait import clock
from portrait.resource import read_code, read_yaml
from portrait.sentence import sentence
from portrait.store.employment import taught_at
from portrait.store.schema import account, claim, person, quota, region, school, trainee, training_class


class Role(StrEnum):
    TEACHER = "teacher"
    TRAINER = "trainer"
    OFFICE = "office"  # A, B, C by Actor.office; "" = the province's own office, all categories
    BUREAU = "bureau"  # city or county by Actor.region
    SCHOOL = "school"
    ADMIN = "admin"


ROLE_ZH = {
    Role.TEACHER: "教师",
    Role.TRAINER: "承训单位",
    Role.OFFICE: "项目执行办公室",
    Role.BUREAU: "市县教育局",
    Role.SCHOOL: "学校",
    Role.ADMIN: "平台管理员",
}


@dataclass(frozen=True)
class Actor:
    """Who is asking, taken from the session and never from the request."""

    user_id: int
    login: str
    name: str
    role: Role
    person_id: int | None = None
    provider_id: int | None = None
    school_id: int | None = None
    office: str = ""
    region: str = ""


@dataclass(frozen=True)
class Scope:
    """What an actor may see, as SQL conditions, and why.

    named    persons whose portrait and evidence may be opened by name
    counted  persons who may enter sums and rates (never named by this right alone)
    classes  training classes
    trainees rows of `trainee` that may enter the numbers of a class
    listed   rows of `trainee` that may be listed by name
    quotas   rows of `quota`: places given to an area
    intake   batches and quarantine
    """

    actor: Actor
    reason: str
    named: ColumnElement[bool]
    counted: ColumnElement[bool]
    classes: ColumnElement[bool]
    trainees: ColumnElement[bool]
    listed: ColumnElement[bool]
    quotas: ColumnElement[bool]
    intake: ColumnElement[bool]


def scope(actor: Actor, today: date | None = None) -> Scope:
    """The scope of an actor on a day (today, when none is given): a provider's right to names ends with its classes.

    A role without the link it needs (a trainer without a provider) sees nothing.
    """
    no, yes = false(), true()
    if actor.role is Role.TEACHER and actor.person_id is not None:
        own = person.c.id == actor.person_id
        # What was said under another key of the same teacher is the teacher's own too.
        selves = or_(own, person.c.stands_id == actor.person_id)
        accounts = select(account.c.id).where(account.c.person_id == actor.person_id)
        mine = trainee.c.account_id.in_(accounts)
        return Scope(
            actor,
            "教师看本人的画像、证据和参训记录",
            named=selves,
            counted=own,
            classes=training_class.c.id.in_(select(trainee.c.class_id).where(mine)),
            trainees=mine,
            listed=mine,
            quotas=no,
            intake=no,
        )
    if actor.role is Role.TRAINER and actor.provider_id is not None:
        classes: ColumnElement[bool] = training_class.c.provider_id == actor.provider_id
        theirs: ColumnElement[bool] = trainee.c.class_id.in_(select(training_class.c.id).where(classes))
        until = (today or clock.day_of(clock.now())) - timedelta(days=listed_days())
        open_still = or_(training_class.c.ends.is_(None), training_class.c.ends >= until)
        people = person.c.id.in_(
            select(account.c.person_id).join(trainee, trainee.c.account_id == account.c.id).where(theirs)
        )
        return Scope(
            actor,
            sentence(
                "承训单位只看自己的班次和这些班的学员（结束满 {days} 天的班不再列名），看不到其他单位",
                days=listed_days(),
            ),
            named=no,
            counted=people,
            classes=classes,
            trainees=theirs,
            listed=and_(theirs, trainee.c.class_id.in_(select(training_class.c.id).where(open_still))),
            quotas=quota.c.class_id.in_(select(training_class.c.id).where(classes)),
            intake=no,
        )
    if actor.role is Role.OFFICE:
        codes = [
            code
            for code, row in read_code("project_categories").items()
            if not actor.office or row["office"].startswith(actor.office)
        ]
        classes = training_class.c.category.in_(codes) if actor.office else yes
        theirs = trainee.c.class_id.in_(select(training_class.c.id).where(classes))
        return Scope(
            actor,
            sentence("项目办看全省 {codes} 类项目的班次和比率，不看个人画像", codes=codes)
            if actor.office
            else "教育厅看全省全部类别的班次和比率，不看个人画像",
            named=no,
            counted=person.c.id.in_(
                select(account.c.person_id).join(trainee, trainee.c.account_id == account.c.id).where(theirs)
            )
            if actor.office
            else yes,
            classes=classes,
            trainees=theirs,
            listed=theirs,
            quotas=quota.c.class_id.in_(select(training_class.c.id).where(classes)),
            intake=no,
        )
    if actor.role is Role.BUREAU and actor.region:
        # A 省直管县 lies in its city but answers to the province (DOMAIN 1.2 point 11).
        counties = select(region.c.adcode).where(
            or_(
                region.c.adcode == actor.region,
                and_(region.c.parent == actor.region, not_(region.c.province_managed)),
            )
        )
        theirs = trainee.c.region.in_(counties)
        places = quota.c.region.in_(counties)
        return Scope(
            actor,
            "市县教育局看本区域选派的学员和区域比率，画像只看不具名的汇总",
            named=no,
            counted=person.c.school_id.in_(select(school.c.id).where(school.c.county.in_(counties))),
            # A class with places for the area is its business even while nobody has been sent.
            classes=or_(
                training_class.c.id.in_(select(trainee.c.class_id).where(theirs)),
                training_class.c.id.in_(select(quota.c.class_id).where(places)),
            ),
            trainees=theirs,
            listed=theirs,
            quotas=places,
            intake=no,
        )
    if actor.role is Role.SCHOOL and actor.school_id is not None:
        staff = person.c.school_id == actor.school_id
        # Whom the school sent stays its own after a transfer; whom another one sent before does not become so.
        theirs = taught_at(trainee.c.account_id, actor.school_id, trainee.c.confirmed)
        return Scope(
            actor,
            "学校看本校教师的选派情况和汇总，未经教师授权不看个人画像",
            named=no,
            counted=staff,
            classes=training_class.c.id.in_(select(trainee.c.class_id).where(theirs)),
            trainees=theirs,
            listed=theirs,
            quotas=no,
            intake=no,
        )
    if actor.role is Role.ADMIN:
        return Scope(
            actor,
            "平台管理员管理数据接入和用户，默认不看画像内容",
            named=no,
            counted=no,
            classes=no,
            trainees=no,
            listed=no,
            quotas=no,
            intake=yes,
        )
    return Scope(actor, "账号没有绑定人员或单位，什么也看不到", no, no, no, no, no, no, no)


def sees_all(reader: Scope) -> bool:
    """Whether the reader is the province's own office, whose are all categories."""
    return reader.actor.role is Role.OFFICE and not reader.actor.office


def handed_to(reader: Scope) -> bool:
    """Whether what teachers hand in comes to the reader: it names no class, so only to schools and the province's own office."""
    return reader.actor.role is Role.SCHOOL or sees_all(reader)


def claimable(reader: Scope) -> ColumnElement[bool]:
    """Rows of `claim` that the reader may confirm or return: a school its own staff's, a provider and a project office those of
    their classes, the province's own office all."""
    actor = reader.actor
    if actor.role is Role.SCHOOL:
        return claim.c.person_id.in_(select(person.c.id).where(reader.counted))
    if sees_all(reader):
        return true()
    if actor.role in (Role.OFFICE, Role.TRAINER):
        theirs = select(account.c.person_id).join(trainee, trainee.c.account_id == account.c.id)
        return and_(
            claim.c.class_id.in_(select(training_class.c.id).where(reader.classes)),
            claim.c.person_id.in_(theirs.where(reader.listed)),
        )
    return false()


def own_claims(reader: Scope) -> ColumnElement[bool]:
    """Rows of `claim` that are about the reader."""
    actor = reader.actor
    if actor.role is Role.TEACHER and actor.person_id is not None:
        return claim.c.person_id.in_(select(person.c.id).where(reader.named))
    return false()


def listed_days() -> int:
    """For how many days after a class has ended its provider may list the trainees by name (DOMAIN L9)."""
    return int(read_yaml("rules/programme.yaml")["provider_names"]["days"])
