import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from models import card as shelf
from models.card import Card, cards, fitted, load, read_card, save
from portrait.errors import ModelUnusable

CARD = Card(
    name="weights",
    version="1",
    created=datetime(2022, 9, 28, 2, 0, tzinfo=UTC),
    period=(date(2021, 1, 1), date(2022, 9, 27)),
    n={"learners": 3},
    metrics={"brier": 0.1, "by_point": {"0.5": 0.2}},
    features=("absent",),
    provenance="测试",
)


def only_object(folder):
    return next((folder / "weights").glob("*.joblib"))


def test_what_is_saved_is_loaded_with_its_card(tmp_path):
    saved = save({"a": [1, 2]}, tmp_path, CARD)
    model, card = load(tmp_path, "weights", "1")
    assert model == {"a": [1, 2]}
    assert card == saved == replace(CARD, checksum=saved.checksum, libraries=shelf.libraries())
    assert len(saved.checksum) == 64
    assert cards(tmp_path) == [saved]


def test_saving_again_replaces_the_model_and_leaves_one_file(tmp_path):
    save("old", tmp_path, CARD)
    save("new", tmp_path, CARD)
    assert load(tmp_path, "weights", "1")[0] == "new"
    assert len(list((tmp_path / "weights").iterdir())) == 2


def test_a_model_that_was_never_fitted_says_what_to_run(tmp_path):
    assert not fitted(tmp_path, "weights")
    with pytest.raises(ModelUnusable, match="portrait fit"):
        load(tmp_path, "weights", "1")


def test_a_damaged_file_is_not_unpickled(tmp_path):
    save("model", tmp_path, CARD)
    path = only_object(tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelUnusable, match="校验和不符"):
        load(tmp_path, "weights", "1")


def test_a_lost_file_is_told_from_a_damaged_one(tmp_path):
    save("model", tmp_path, CARD)
    only_object(tmp_path).unlink()
    with pytest.raises(ModelUnusable, match="不见了"):
        load(tmp_path, "weights", "1")


def test_other_library_versions_are_named(tmp_path):
    save("model", tmp_path, CARD)
    path = tmp_path / "weights/card.json"
    raw = json.loads(path.read_text())
    raw["libraries"]["numpy"] = "1.0"
    path.write_text(json.dumps(raw))
    with pytest.raises(ModelUnusable, match=r"numpy 1\.0 → "):
        load(tmp_path, "weights", "1")


def test_another_version_of_the_method_is_refused(tmp_path):
    save("model", tmp_path, CARD)
    with pytest.raises(ModelUnusable, match="方法版本是 1，现在用 2"):
        load(tmp_path, "weights", "2")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}'])
def test_an_unreadable_card_is_unusable_and_not_listed(tmp_path, text):
    save("model", tmp_path, CARD)
    (tmp_path / "weights/card.json").write_text(text)
    with pytest.raises(ModelUnusable, match="读不懂"):
        read_card(tmp_path, "weights")
    assert cards(tmp_path) == []
    assert fitted(tmp_path, "weights")


def test_a_failed_save_leaves_the_old_model(tmp_path, monkeypatch):
    save("old", tmp_path, CARD)
    monkeypatch.setattr(shelf.json, "dumps", lambda *_args, **_rest: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save("new", tmp_path, CARD)
    monkeypatch.undo()
    assert load(tmp_path, "weights", "1")[0] == "old"
