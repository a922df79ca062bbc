"""What one administrator has on the desk: files that wait, their preview, the intake and the refresh under way.

Everything is found by who is signed in; a name from the browser only picks among that person's own waiting files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboards.job import Job, Tell
from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part.admin.preview import takeable
from portrait.errors import InputError
from portrait.intake.preview import Preview, preview
from portrait.intake.sketch import NEW, recognised
from portrait.intake.upload import Upload, choose, choose_none, remove, suggested, take, upload_of
from portrait.refresh import refresh
from portrait.sentence import sentence, without

SAMPLES = 5
KINDS = ("intake", "preview", "refresh")


@dataclass(frozen=True)
class Look:
    """A preview and the upload that it is of."""

    stamp: str
    found: tuple[Preview, ...]


def job_of(context: Context, kind: str) -> Job | None:
    """The last job of a kind: this administrator's own, but for the refresh, which is the site's."""
    return context.jobs.find(_name(context, kind))


def running(context: Context) -> bool:
    return any(context.jobs.running(_name(context, kind)) for kind in KINDS)


def phase(context: Context) -> str:
    """Changes when something begins or ends; while it stays, only the progress has to be drawn."""
    jobs = (job_of(context, kind) for kind in KINDS)
    return "|".join("" if job is None else f"{job.started.isoformat()}{job.running}" for job in jobs)


def waiting(context: Context) -> Upload:
    """What waits for this administrator; the source is suggested where only one can be meant."""
    home, me = context.site.settings.home, context.actor.user_id
    upload = upload_of(home, me)
    if upload.files and not upload.source and (only := suggested(home, upload)):
        return choose(home, me, only)
    return upload


def look_of(context: Context, upload: Upload) -> Job | None:
    """The preview of what waits, begun when there is none of just these files and this source."""
    if not upload.files or upload.source in ("", NEW):
        return None
    job = job_of(context, "preview")
    if job is not None and (job.running or job.error or job.result.stamp == upload.stamp):
        return job
    site, stamp = context.site, upload.stamp

    def work(tell: Tell) -> Look:
        tell(gettext("逐行检查 {n} 个文件", n=len(upload.files)), 0.0)
        found = preview(site, upload.folder, upload.source, rows=SAMPLES)
        return Look(stamp, tuple(_without_folder(one, upload) for one in found))

    return context.jobs.start(_name(context, "preview"), work, by=context.actor.login, now=context.now)


def idle(context: Context) -> None:
    """Raises InputError while this administrator's files are being taken in."""
    if context.jobs.running(_name(context, "intake")):
        raise InputError("正在接入上一批文件，请等它结束")


def use_source(context: Context, source: str) -> bool:
    """Read what waits by another mapping; False when it is the one in use."""
    home, me = context.site.settings.home, context.actor.user_id
    if source == upload_of(home, me).source:
        return False
    idle(context)
    choose(home, me, source)
    look_again(context)
    return True


def look_again(context: Context) -> None:
    """Drop the preview, so that the next one is made anew."""
    context.jobs.forget(_name(context, "preview"))


def begin_anew(context: Context) -> None:
    """Files have come: that a new rule was wanted was said of others. One that knows their header comes first."""
    home, me = context.site.settings.home, context.actor.user_id
    upload = upload_of(home, me)
    if upload.source == NEW and recognised(home, upload.files):
        choose_none(home, me)  # the only one is used at once, of several one is chosen
    look_again(context)


def clear_away(context: Context) -> None:
    """Drop what the last intake left to read."""
    context.jobs.forget(_name(context, "intake"))


def act(context: Context, do: str, name: str) -> None:
    """What a button asks for: take, discard, remove (a file by name), use (a mapping by name), sketch (a new one), refresh, read (its result), close (the intake's)."""
    home, me = context.site.settings.home, context.actor.user_id
    if do == "take":
        _take(context)
    elif do == "discard":
        idle(context)
        remove(home, me)
        look_again(context)
        clear_away(context)
        context.note("upload", reason=sentence("放弃"))
    elif do == "remove":
        idle(context)
        remove(home, me, name)
        look_again(context)
    elif do == "use":
        use_source(context, name)
    elif do == "sketch":
        use_source(context, NEW)
    elif do == "refresh":
        _refresh(context)
    elif do == "read":
        context.jobs.forget("refresh")
    elif do == "close":
        clear_away(context)


def _take(context: Context) -> None:
    idle(context)
    upload = upload_of(context.site.settings.home, context.actor.user_id)
    look = job_of(context, "preview")
    seen = look.result if look is not None and isinstance(look.result, Look) else None
    if not upload.files or seen is None or seen.stamp != upload.stamp or not takeable(seen.found):
        raise InputError("文件或来源变过了，请先看新的预览")
    site, me, by = context.site, context.actor.user_id, context.actor.login
    names = gettext("、").join(file.name for file in upload.files)
    context.note("intake", f"mapping:{upload.source}", reason=names)
    context.jobs.start(
        _name(context, "intake"),
        lambda tell: take(site, me, by=by, progress=tell),
        by=by,
        now=context.now,
    )


def _refresh(context: Context) -> None:
    site = context.site
    context.note("refresh")
    context.jobs.start(
        _name(context, "refresh"),
        lambda tell: refresh(site, progress=tell),
        by=context.actor.login,
        now=context.now,
    )
    clear_away(context)


def _name(context: Context, kind: str) -> str:
    return kind if kind == "refresh" else f"{kind}:{context.actor.user_id}"


def _without_folder(one: Preview, upload: Upload) -> Preview:
    """Where the server keeps the files is nobody's business."""
    return replace(one, error=without(one.error, str(upload.folder), sentence("上传的文件")))
