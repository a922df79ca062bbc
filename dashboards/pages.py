"""Every page of the site, in the order of the side bars. A role's landing page is the first one it may open."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards import own
from dashboards.admin import audit as admin_audit
from dashboards.admin import framework as admin_framework
from dashboards.admin import identity as admin_identity
from dashboards.admin import intake as admin_intake
from dashboards.admin import quality as admin_quality
from dashboards.admin import quarantine as admin_quarantine
from dashboards.admin import record_store as admin_store
from dashboards.admin import user as admin_user
from dashboards.office import bureau, confirm, doubt, school
from dashboards.office import overview as office_overview
from dashboards.page import Page
from dashboards.teacher import courses, evidence, growth, profile, standards, study
from dashboards.trainer import classes as trainer_classes
from dashboards.trainer import effect as trainer_effect
from dashboards.trainer import portrait as trainer_portrait
from dashboards.trainer import risk as trainer_risk
from portrait.scope import Role

# One module a line, grouped by reader; each has a `PAGE`.
MODULES = (
    # teacher
    profile,
    growth,
    evidence,
    courses,
    standards,
    study,
    # trainer
    trainer_classes,
    trainer_portrait,
    trainer_risk,
    trainer_effect,
    # office
    office_overview,
    bureau,
    school,
    confirm,
    # admin
    admin_intake,
    admin_quarantine,
    admin_framework,
    admin_identity,
    doubt,
    admin_quality,
    admin_store,
    admin_user,
    admin_audit,
    own,
)

PAGES: tuple[Page, ...] = tuple(module.PAGE for module in MODULES)


def find(pages: Sequence[Page], path: str, role: Role) -> Page | None:
    """The page of a path; “/” is the role's first page. None when no page has the path."""
    if path.rstrip("/") == "":
        return next((page for page in pages if role in page.roles), None)
    return next((page for page in pages if page.path == path.rstrip("/")), None)
