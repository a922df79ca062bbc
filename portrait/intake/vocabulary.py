"""The events of Open edX by name: which verb of xAPI each is, about which kind of thing, and which are no learning."""

from __future__ import annotations

ADL, TIN, ACROSS, DOD = (
    "http://adlnet.gov/expapi/verbs/",
    "http://id.tincanapi.com/verb/",
    "https://w3id.org/xapi/acrossx/verbs/",
    "https://w3id.org/xapi/dod-isd/verbs/",
)
WATCH = "https://w3id.org/xapi/video/verbs/"
TYPES = {
    "course": "http://adlnet.gov/expapi/activities/course",
    "video": "https://w3id.org/xapi/video/activity-type/video",
    "problem": "http://adlnet.gov/expapi/activities/cmi.interaction",
    "question": "http://adlnet.gov/expapi/activities/question",
    "solution": "http://id.tincanapi.com/activitytype/solution",
    "hint": "https://w3id.org/xapi/acrossx/extensions/supplemental-info",
    "discussion": "http://id.tincanapi.com/activitytype/discussion",
    "resource": "http://id.tincanapi.com/activitytype/resource",
    "module": "http://adlnet.gov/expapi/activities/module",
    "link": "http://adlnet.gov/expapi/activities/link",
    "page": "http://activitystrea.ms/schema/1.0/page",
    "certificate": "https://w3id.org/xapi/openedx/activity/certificate",
    "exam": "https://w3id.org/xapi/openedx/activity/timed-assessment",
    "assignment": "https://w3id.org/xapi/openedx/activity/open-assessment",
}
# Names of before 2014, of browsers, and of today, each with what it says of which kind of thing.
EVENTS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("load_video", "edx.video.loaded"), (ADL + "initialized", "video")),
    **dict.fromkeys(("play_video", "edx.video.played"), (WATCH + "played", "video")),
    **dict.fromkeys(("pause_video", "edx.video.paused"), (WATCH + "paused", "video")),
    **dict.fromkeys(("seek_video", "edx.video.position.changed"), (WATCH + "seeked", "video")),
    **dict.fromkeys(("stop_video", "edx.video.stopped"), (ADL + "terminated", "video")),
    **dict.fromkeys(("complete_video", "edx.video.completed"), (ADL + "completed", "video")),
    **dict.fromkeys(
        (
            *(
                "speed_change_video",
                "edx.video.speed.changed",
                "show_transcript",
                "edx.video.transcript.shown",
            ),
            *("hide_transcript", "edx.video.transcript.hidden", "video_show_cc_menu", "video_hide_cc_menu"),
            *("edx.video.closed_captions.shown", "edx.video.closed_captions.hidden"),
            *(
                "edx.video.language_menu.shown",
                "edx.video.language_menu.hidden",
                "fullscreen",
                "not_fullscreen",
            ),
        ),
        (ADL + "interacted", "video"),
    ),
    "problem_check": (ACROSS + "evaluated", "problem"),
    "save_problem_check": (ACROSS + "evaluated", "problem"),
    "edx.grades.problem.submitted": (ADL + "attempted", "question"),
    "edx.problem.completed": (ADL + "completed", "problem"),
    "showanswer": (ADL + "asked", "solution"),
    "edx.problem.hint.demandhint_displayed": (ADL + "asked", "hint"),
    "edx.grades.subsection.grade_calculated": (TIN + "earned", "resource"),
    "edx.grades.course.grade_calculated": (TIN + "earned", "course"),
    "edx.course.grade.passed.first_time": (ADL + "passed", "course"),
    "edx.course.grade.now_passed": (ADL + "passed", "course"),
    "edx.course.grade.now_failed": (ADL + "failed", "course"),
    "edx.course.completed": (ADL + "completed", "course"),
    "edx.course.enrollment.activated": (ADL + "registered", "course"),
    "edx.course.enrollment.mode_changed": (ADL + "registered", "course"),
    "edx.course.enrollment.deactivated": (TIN + "unregistered", "course"),
    "edx.completion.block_completion.changed": (ADL + "progressed", "resource"),
    **{
        f"edx.completion_aggregator.progress.{part}": (
            ADL + "progressed",
            "course" if part == "course" else "module",
        )
        for part in ("course", "chapter", "sequential", "vertical")
    },
    **{
        f"edx.forum.{part}.created": (ACROSS + "posted", "discussion")
        for part in ("thread", "response", "comment")
    },
    **{
        f"edx.forum.{part}.{done}": (verb, "discussion")
        for part in ("thread", "response", "comment")
        for done, verb in (
            ("edited", ACROSS + "edited"),
            ("deleted", DOD + "deleted"),
            ("voted", "https://w3id.org/xapi/openedx/verb/voted"),
            ("reported", ACROSS + "reported"),
            ("unreported", "https://w3id.org/xapi/openedx/verb/unreported"),
            ("followed", "http://activitystrea.ms/schema/1.0/follow"),
            ("unfollowed", "http://activitystrea.ms/schema/1.0/unfollow"),
        )
    },
    "edx.forum.thread.viewed": (TIN + "viewed", "discussion"),
    "edx.certificate.created": (TIN + "earned", "certificate"),
    **dict.fromkeys(("seq_goto", "edx.ui.lms.sequence.tab_selected"), (ADL + "initialized", "module")),
    **dict.fromkeys(("seq_next", "edx.ui.lms.sequence.next_selected"), (DOD + "navigated", "module")),
    **dict.fromkeys(("seq_prev", "edx.ui.lms.sequence.previous_selected"), (DOD + "navigated", "module")),
    **dict.fromkeys(
        (
            "edx.ui.lms.outline.selected",
            "edx.ui.lms.sequence.outline.selected",
            "edx.ui.lms.jump_nav.selected",
        ),
        (ADL + "initialized", "module"),
    ),
    "edx.ui.lms.link_clicked": (ADL + "experienced", "link"),
    "edx.course.tool.accessed": (TIN + "viewed", "page"),
    "edx.bookmark.accessed": (TIN + "viewed", "resource"),
    "edx.bookmark.added": (TIN + "bookmarked", "resource"),
    "edx.bookmark.removed": (DOD + "deleted", "resource"),
    **dict.fromkeys(
        ("book", "textbook.pdf.page.navigated", "textbook.pdf.chapter.navigated"), (TIN + "viewed", "page")
    ),
    "openassessmentblock.create_submission": (ADL + "submitted", "assignment"),
    **{
        f"edx.special_exam.{kind}.attempt.submitted": (ADL + "submitted", "exam")
        for kind in ("timed", "proctored")
    },
}
# What is known to be no learning, by how its name begins.
NOTHING = (
    (r"page_close$", "关闭页面"),
    (
        r"problem_(graded|save|reset)$|(save_problem|reset_problem|problem_rescore)|problem_check_fail",
        "同一次作答的另一条（以 problem_check 为准）",
    ),
    (r"problem_show$|edx\.problem\.hint\.", "看答案和提示"),
    (
        r"edx\.user\.|edx\.bookmark\.listed|edx\.forum\.searched|edx\.social\.|edx\.certificate\.(evidence|shared)",
        "登录、设置和查找",
    ),
    (
        r"edx\.course\.(index|content|enrollment\.upgrade)|edx\.(cohort|team|librarycontentblock|instructor|notifications)\.",
        "教学管理操作",
    ),
)
