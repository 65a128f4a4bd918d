"""Learning arrival times: better than any single factor, the same twice, and never a worse model than before."""

from functools import cache

import lightgbm
import msgspec
import numpy as np
import pytest

from tests.tracking.eta.trips import left, make_trips
from tracking.eta import measures
from tracking.eta.exam import Learned, examine, learn_and_examine
from tracking.eta.journey import COLUMNS
from tracking.eta.learn import FEWEST_TRIPS, Unlearned, as_trees, learn
from tracking.eta.model import STATIC, Model
from tracking.eta.replay import replay
from tracking.eta.samples import Samples, lay_out
from tracking.eta.trees import DEPTH, Trees


@cache
def learned() -> Model:
    """A model of 300 trips."""
    model = learn(make_trips(300), left)
    assert isinstance(model, Model)
    return model


@cache
def unseen() -> Samples:
    """Trips that the model never saw."""
    return lay_out(make_trips(120, seed=8), left)


def worsened(model: Model, log_factor: float) -> Model:
    """The same model, every prediction off by e to the `log_factor`."""
    packed = model.kept.trees
    trees = Trees.unpack(packed)
    off = Trees(trees.column, trees.threshold, trees.leaf + log_factor / packed.trees)
    return Model(msgspec.structs.replace(model.kept, trees=off.pack()))


def test_what_is_learned_beats_the_best_single_factor() -> None:
    """In a city whose east is slow, a model knows it and a factor cannot."""
    test, model = unseen(), learned()
    ours = measures.mae_s(model.left_s(test.rows), test.left_s)
    assert ours < 0.7 * measures.mae_s(test.rows[:, STATIC] * model.kept.factor, test.left_s)


def test_windows_hold_four_of_five_in_every_part_of_a_trip() -> None:
    """P10 to P90 cover 80 % of unseen arrivals in each of the five buckets, give or take what 120 trips allow."""
    low_s, mid_s, high_s = replay(learned(), unseen())
    assert ((low_s <= mid_s) & (mid_s <= high_s)).all()
    inside = (low_s <= unseen().left_s) & (unseen().left_s <= high_s)
    assert [True] * 5 == [0.7 <= share <= 0.92 for share in measures.by_bucket(unseen().share, inside)]


def test_the_same_trips_make_the_same_model_and_keeping_loses_nothing() -> None:
    """Learning twice gives the same bytes, and a model read back predicts the same."""
    again = learn(make_trips(300), left)
    assert isinstance(again, Model)
    assert learned().encode() == again.encode()
    kept = Model.decode(learned().encode())
    assert np.array_equal(learned().left_s(unseen().rows), kept.left_s(unseen().rows))


def test_too_few_trips_teach_nothing() -> None:
    """Below a hundred trips there is a reason instead of a model."""
    refused = learn(make_trips(FEWEST_TRIPS - 1), left)
    assert isinstance(refused, Unlearned)
    assert "too few" in refused.reason


def test_trees_as_arrays_say_what_the_library_says() -> None:
    """Rows through our arrays give LightGBM's own sums, whatever the shape of its trees."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(2000, 6))
    target = np.sin(rows[:, 0]) + (rows[:, 1] > 0.3) * rows[:, 2]
    settings = {"max_depth": DEPTH, "num_leaves": 20, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, target), 40)
    trees = as_trees(booster.dump_model())
    assert np.allclose(booster.predict(rows), trees.sum(rows), atol=1e-12)
    assert np.array_equal(trees.sum(rows), Trees.unpack(trees.pack()).sum(rows))


@pytest.mark.parametrize("broken", [b"", b"nonsense", b"\x80"])
def test_what_is_no_model_is_refused(broken: bytes) -> None:
    """Damaged bytes are told from a model before anybody is answered from them."""
    with pytest.raises(ValueError, match="cannot be read"):
        Model.decode(broken)


def test_a_model_for_other_columns_is_refused() -> None:
    """A model of another version of the columns is not asked about these."""
    other = msgspec.structs.replace(learned().kept, columns=COLUMNS[:-1])
    with pytest.raises(ValueError, match="other columns"):
        Model.decode(msgspec.msgpack.encode(other))


def test_a_model_that_predicts_no_numbers_is_refused() -> None:
    """A leaf that is no number never gets as far as an answer."""
    trees = Trees.unpack(learned().kept.trees)
    with pytest.raises(ValueError, match="no numbers"):
        Trees(trees.column, trees.threshold, np.full_like(trees.leaf, np.nan))


def test_a_worse_model_does_not_take_over() -> None:
    """On the same unseen trips, a candidate worse than the previous model is refused with both errors named."""
    verdict = examine(worsened(learned(), 0.4), learned(), unseen())
    assert not verdict.accepted
    assert "previous model" in verdict.reason


def test_a_model_worse_than_a_factor_does_not_become_the_first() -> None:
    """With no model before it, the yardstick is a single factor."""
    assert not examine(worsened(learned(), 1.0), None, unseen()).accepted


def test_a_better_model_takes_over() -> None:
    """A good candidate passes, after a bad model and as the first one."""
    assert examine(learned(), worsened(learned(), 0.4), unseen()).accepted
    assert examine(learned(), None, unseen()).accepted


def test_nothing_is_judged_by_no_trips() -> None:
    """A candidate that cannot be examined does not take over."""
    assert not examine(learned(), None, unseen().of(np.zeros(len(unseen()), dtype=bool))).accepted


def test_a_candidate_is_examined_on_the_newest_trips_only() -> None:
    """The newest 15 % are for the exam: the model knows nothing that began after the first of them."""
    trips = make_trips(300)
    found = learn_and_examine(trips, left, None)
    assert isinstance(found, Learned)
    assert found.model.known.last_s <= trips[255].first_s
    assert 45 == found.verdict.trips
