"""The demo province: Henan with invented teachers, written as the files its platforms would export. It never touches registry or lake."""

from portrait.world.logins import Login, demo_logins
from portrait.world.write import WorldReport, check_size, write_world

WORLD_SOURCES: tuple[tuple[str, str], ...] = (
    ("registry", "demo_registry"),
    ("yuyan", "demo_yuyan"),
    ("zhongyuan", "demo_zhongyuan"),
    ("yunketang", "demo_yunketang"),
    ("offline", "demo_offline"),
)
"""(folder of a written world, source mapping that reads it), in the order they must come in."""

__all__ = ["WORLD_SOURCES", "Login", "WorldReport", "check_size", "demo_logins", "write_world"]
