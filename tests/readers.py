"""One reader of each role in a province small enough to know by heart, and a browser without a screen."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy import insert

from dashboards.app import create_app
from portrait.scope import Actor, Role
from portrait.store import schema, user
from portrait.store.session import open_session
from portrait.store.user import actor_of, find_user

PASSWORD = "kaifeng-2022-long"
# Hashing is slow on purpose. The tests' own process pays less for it (conftest); what the product pays is tested by itself.
PAID = user._HASHER
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
START = datetime(2022, 9, 1, 8, tzinfo=UTC)

ZHENGZHOU, ZHONGYUAN, GONGYI, KAIFENG, LONGTING = "410100", "410102", "410181", "410200", "410202"

# Two of everything: what is "ours" to the readers below, and what is foreign to them. The names are the markers.
PERSONS = {1: "甲教师本人", 2: "乙教师同校", 3: "丙教师外市", 4: "丁教师直管县"}
SCHOOLS = {1: (ZHONGYUAN, "中原某小学"), 2: (LONGTING, "龙亭某小学"), 3: (GONGYI, "巩义某小学")}
SCHOOL_OF = {1: 1, 2: 1, 3: 2, 4: 3}
PROVIDERS = {1: "本单位师范学院", 2: "别单位进修学校"}
CLASSES = {101: (1, "GP1", "骨干班壹零壹"), 102: (2, "SP1", "省培班壹零贰")}
TRAINEES = {101: (1, 3), 102: (2, 4)}
COUNTY_OF = {1: ZHONGYUAN, 2: ZHONGYUAN, 3: LONGTING, 4: GONGYI}

READERS = {
    "teacher": (Role.TEACHER, {"person_id": 1}),
    "colleague": (Role.TEACHER, {"person_id": 2}),
    "trainer": (Role.TRAINER, {"provider_id": 1}),
    "office": (Role.OFFICE, {}),
    "office-a": (Role.OFFICE, {"office": "OFFICE_A"}),
    "bureau": (Role.BUREAU, {"region": ZHENGZHOU}),
    "county": (Role.BUREAU, {"region": LONGTING}),
    "school": (Role.SCHOOL, {"school_id": 1}),
    "admin": (Role.ADMIN, {}),
}


def account_of(person_id: int) -> int:
    return person_id + 10


def settle(engine) -> None:
    """Puts the little province into an empty registry."""
    with engine.begin() as connection:

        def add(table, *rows):
            connection.execute(insert(table), list(rows))

        add(
            schema.school,
            *(
                {"id": i, "code": f"s{i}", "name": name, "county": county}
                for i, (county, name) in SCHOOLS.items()
            ),
        )
        add(schema.provider, *({"id": i, "code": f"p{i}", "name": name} for i, name in PROVIDERS.items()))
        add(
            schema.person,
            *(
                {"id": i, "key": f"k{i}", "name": name, "school_id": SCHOOL_OF[i], "extra": {}}
                for i, name in PERSONS.items()
            ),
        )
        add(
            schema.account,
            *(
                {
                    "id": account_of(i),
                    "source": "lms",
                    "kind": "staff",
                    "shown": f"k{i}",
                    "digest": f"d{i}",
                    "person_id": i,
                }
                for i in PERSONS
            ),
        )
        add(
            schema.training_class,
            *(
                {
                    "id": i,
                    "source": "roster",
                    "code": f"c{i}",
                    "name": name,
                    "category": category,
                    "provider_id": provider,
                    "starts": date(2022, 7, 1),
                    "ends": date(2022, 7, 20),
                }
                for i, (provider, category, name) in CLASSES.items()
            ),
        )
        add(
            schema.trainee,
            *(
                {
                    "class_id": c,
                    "account_id": account_of(p),
                    "region": COUNTY_OF[p],
                    "confirmed": date(2022, 6, 20),
                    "checked_in": date(2022, 7, 1),
                }
                for c, people in TRAINEES.items()
                for p in people
            ),
        )
        add(
            schema.quota,
            {"class_id": 101, "region": ZHENGZHOU, "n": 5},
            {"class_id": 102, "region": KAIFENG, "n": 5},
        )


def enlist(engine, *logins: str) -> dict[str, Actor]:
    """Adds the readers (all of them by default) and returns their actors."""
    actors = {}
    for login in logins or READERS:
        role, links = READERS[login]
        row = {
            "login": login,
            "name": f"读者{login}",
            "password": _hashed(),
            "role": role.value,
            "created": START,
        }
        with engine.begin() as connection:
            connection.execute(insert(schema.user).values(**row, active=True, **links))
        actors[login] = actor_of(find_user(engine, login))
    return actors


@cache
def _hashed() -> str:
    """Once for all readers of a test run."""
    return CHEAP.hash(PASSWORD)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Browser:
    """A Flask test client that behaves like a browser on our own pages: it keeps cookies and sends its Origin."""

    origin = "http://localhost"

    def __init__(self, app, access_cookie: str = "portrait") -> None:
        self.app, self.cookie = app, access_cookie
        self.client = app.server.test_client()

    def get(self, path: str, **headers: str):
        return self.client.get(path, headers=headers)

    def post(self, path: str, data=None, *, origin: str | None = origin, **more):
        headers = {"Origin": origin} if origin else {}
        return self.client.post(path, data=data, headers=headers, **more)

    def form_token(self, path: str = "/login") -> str:
        found = re.search(r'name="token" value="(\w+)"', self.get(path).text)
        assert found, "没有表单令牌"
        return found[1]

    def log_in(self, login: str, password: str = PASSWORD, **more: str):
        data = {"login": login, "password": password, "token": self.form_token(), **more}
        return self.post("/login", data)

    def sit_down(self, engine, user_id: int, now: datetime = START) -> Browser:
        """Signs in past the form, for tests that are not about it."""
        self.client.set_cookie(self.cookie, open_session(engine, user_id, now=now), domain="localhost")
        return self

    def callback(self, output: str, inputs, state=(), outputs=None, changed=None):
        """Asks Dash for one callback. `inputs` and `state` are {"id", "property", "value"} as the renderer sends them."""
        body = {
            "output": output,
            "outputs": outputs,
            "inputs": inputs,
            "state": list(state),
            "changedPropIds": changed
            or [f"{i['id']}.{i['property']}" for i in inputs if isinstance(i, dict)],
        }
        return self.client.post("/_dash-update-component", json=body, headers={"Origin": self.origin})

    def open(self, path: str, search: str = "") -> str:
        """What the router shows for a path, as JSON text with Chinese in plain letters."""
        answer = self.callback(
            "..page.children...page-title.data..",
            [
                {"id": "url", "property": "pathname", "value": path},
                {"id": "url", "property": "search", "value": search},
            ],
            outputs=[
                {"id": "page", "property": "children"},
                {"id": "page-title", "property": "data"},
            ],
        )
        assert answer.status_code == 200, answer.text
        return json.dumps(answer.get_json(), ensure_ascii=False)


def browser(site, login: str = "", *, clock=None, **options) -> Browser:
    """A browser on a fresh app of the site, signed in when `login` names a reader."""
    clock = clock or Clock()
    opened = Browser(create_app(site, clock=clock, **options))
    if login:
        opened.sit_down(site.registry, find_user(site.registry, login).id, clock())
    return opened
