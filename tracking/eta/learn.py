"""Finished trips in, a model out, or the reason why there is none. Needs the `learn` extra (LightGBM).

Trips, not moments, are dealt into those that fit the trees and those that calibrate the window: two moments of one
trip know too much of each other.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracking.eta import measures
from tracking.eta.journey import COLUMNS
from tracking.eta.model import CITY_PACE, ELAPSED, FORM, SHORTEST_S, STATIC, Kept, Known, Model, base_s
from tracking.eta.samples import Left, Samples, Trip, lay_out
from tracking.eta.trees import DEPTH, INNER, LEAVES, Trees
from tracking.eta.window import STAGES, Calibration, Widening, stage

Array = NDArray[Any]
ROUNDS = 200
FEWEST_TRIPS = 100
CALIBRATES = 0.3
SHARE_OUTSIDE, LEAST_SHARE_OUTSIDE = 0.1, 0.05
WANTED = 0.81  # in every quarter; a little above four of five, for the trips that calibrate are few
SETTINGS = {
    "objective": "huber", "learning_rate": 0.04, "num_leaves": 20, "max_depth": DEPTH, "min_data_in_leaf": 60,
    "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 10.0, "num_threads": 1,
    "deterministic": True, "verbose": -1,
}
ROUTE_M, CROW_M = COLUMNS.index("route_m"), COLUMNS.index("crow_m")
CROW_MATTERS_M = 200.0


class Unlearned(msgspec.Struct, frozen=True):
    """Why there is no model; a sentence."""

    reason: str


def learn(trips: Sequence[Trip], left: Left, seed: int = 1) -> Model | Unlearned:
    """A model of these trips. `left` asks a routing engine: from, to -> (free-flow seconds, metres)."""
    return learn_from(lay_out(trips, left), seed)


def learn_from(samples: Samples, seed: int = 1) -> Model | Unlearned:
    """A model of trips laid out. The same samples and seed make the same model."""
    numbers = np.unique(samples.trip)
    if len(numbers) < FEWEST_TRIPS:
        return Unlearned(f"{len(numbers)} finished trips are too few to learn from; {FEWEST_TRIPS} are needed.")
    order = np.random.default_rng(seed).permutation(numbers)
    calibrates = np.isin(samples.trip, order[: round(len(order) * CALIBRATES)])
    fitting, checking = samples.of(~calibrates), samples.of(calibrates)
    trees = _fit(fitting, seed)
    if isinstance(trees, Unlearned):
        return trees
    left_s = base_s(checking.rows) * np.exp(trees.sum(checking.rows))
    calibration = _calibrate(checking, left_s, float(np.quantile(samples.rows[:, CITY_PACE], 0.05)))
    factor = _factor(fitting)
    return Model(
        Kept(
            form=FORM, columns=COLUMNS, trees=trees.pack(), calibration=calibration, factor=factor,
            detour=_detour(fitting), straight_mps=_straight_mps(fitting),
            known=_known(samples, checking, left_s, calibration, factor),
        )
    )


def _fit(samples: Samples, seed: int) -> Trees | Unlearned:
    """Trees for the logarithm of what is left over what would be expected."""
    try:
        import lightgbm
    except ImportError:
        return Unlearned("LightGBM is not installed; run `pip install 'ridewire[learn]'`.")
    target = np.log(np.maximum(samples.left_s, 5.0) / base_s(samples.rows))
    data = lightgbm.Dataset(samples.rows, target, feature_name=list(COLUMNS))
    booster = lightgbm.train({**SETTINGS, "seed": seed}, data, ROUNDS)
    return as_trees(booster.dump_model())


def as_trees(dumped: dict[str, Any]) -> Trees:
    """LightGBM's trees as arrays."""
    grown = dumped["tree_info"]
    column = np.zeros((len(grown), INNER), dtype=int)
    threshold, leaf = np.full((len(grown), INNER), np.inf), np.zeros((len(grown), LEAVES))
    for number, tree in enumerate(grown):
        _lay(tree["tree_structure"], 0, column[number], threshold[number], leaf[number])
    return Trees(column, threshold, leaf)


def _lay(branch: dict[str, Any], node: int, column: Array, threshold: Array, leaf: Array) -> None:
    """Lay a branch and all below it; one that ends early goes left for ever and has its leaf on both sides."""
    ends = "split_feature" not in branch
    if node >= INNER:
        leaf[node - INNER] = branch["leaf_value"]
        return
    if not ends:
        column[node], threshold[node] = branch["split_feature"], branch["threshold"]
    _lay(branch if ends else branch["left_child"], 2 * node + 1, column, threshold, leaf)
    _lay(branch if ends else branch["right_child"], 2 * node + 2, column, threshold, leaf)


def _calibrate(samples: Samples, left_s: Array, slow_pace: float) -> Calibration:
    """Window edges that leave a tenth outside on each side.

    Those who are early on their way without knowing it have long trips ahead, and their misses all lie above: where
    trips truly in a quarter are covered less than WANTED, that quarter's upper edge leaves fewer outside.
    """
    stages = stage(samples.rows[:, ELAPSED], left_s)
    flat = Calibration((), (), (), (), slow_pace)
    score = (samples.left_s - left_s) / flat.spread_s(left_s, samples.rows[:, CITY_PACE])
    low_share, high_share = [SHARE_OUTSIDE] * STAGES, [SHARE_OUTSIDE] * STAGES
    while True:
        low = [_quantile(score[stages == s], low_share[s]) for s in range(STAGES)]
        high = [_quantile(score[stages == s], 1 - high_share[s]) for s in range(STAGES)]
        inside = (score >= np.array(low)[stages]) & (score <= np.array(high)[stages])
        short = [
            s for s, share in enumerate(measures.by_bucket(samples.share, inside))
            if share < WANTED and high_share[s] > LEAST_SHARE_OUTSIDE
        ]
        if not short:
            return Calibration(tuple(low), tuple(high), tuple(low_share), tuple(high_share), slow_pace)
        for s in short:
            high_share[s] = round(high_share[s] - 0.01, 2)


def _quantile(scores: Array, share: float) -> float:
    return float(np.quantile(scores, share)) if len(scores) else 0.0


def _factor(samples: Samples) -> float:
    """The multiplier of static that leaves the least error: the weighted median of the ratios."""
    static_s = np.maximum(samples.rows[:, STATIC], SHORTEST_S)
    ratio = samples.left_s / static_s
    order = np.argsort(ratio)
    weight = np.cumsum(static_s[order])
    return float(ratio[order][np.searchsorted(weight, weight[-1] / 2)])


def _detour(samples: Samples) -> float:
    far = samples.rows[:, CROW_M] > CROW_MATTERS_M
    return float(np.median(samples.rows[far, ROUTE_M] / samples.rows[far, CROW_M])) if far.any() else 1.4


def _straight_mps(samples: Samples) -> float:
    """Speed along the streets, stops and all."""
    return float(samples.rows[:, ROUTE_M].sum() / samples.left_s.sum())


def _known(samples: Samples, unseen: Samples, left_s: Array, calibration: Calibration, factor: float) -> Known:
    """What to say of the model: errors on the trips that calibrated it, which its trees never saw."""
    stages = stage(unseen.rows[:, ELAPSED], left_s)
    low_s, high_s = Widening().edges_s(calibration, stages, left_s, unseen.rows[:, CITY_PACE])
    static_s = unseen.rows[:, STATIC]
    return Known(
        trips=len(np.unique(samples.trip)), samples=len(samples),
        first_s=float(samples.at_s.min()), last_s=float(samples.at_s.max()),
        mae_s=measures.mae_s(left_s, unseen.left_s), static_mae_s=measures.mae_s(static_s, unseen.left_s),
        factor_mae_s=measures.mae_s(static_s * factor, unseen.left_s),
        coverage=measures.covered(low_s, high_s, unseen.left_s),
    )
