"""A new model answers only after it has passed: on the newest trips, which it never saw, and against the one before."""

from collections.abc import Sequence

import msgspec
import numpy as np

from tracking.eta import measures
from tracking.eta.learn import FEWEST_TRIPS, Unlearned, learn_from
from tracking.eta.model import STATIC, Model
from tracking.eta.replay import replay
from tracking.eta.samples import Left, Samples, Trip, lay_out

EXAMINED = 0.15  # the newest of the trips
WORSE_IS_CHANCE = 1.02
COVERS = (0.6, 0.95)  # hundreds of trips cannot tell 0.75 from 0.85; outside of this something is broken


class Verdict(msgspec.Struct, frozen=True):
    """Whether the candidate may take over, why, and its error beside the previous model's on the same trips."""

    accepted: bool
    reason: str
    trips: int = 0
    mae_s: float = 0.0
    previous_mae_s: float | None = None
    coverage: float = 0.0


class Learned(msgspec.Struct, frozen=True):
    """A model and what its exam said."""

    model: Model
    verdict: Verdict


def learn_and_examine(
    trips: Sequence[Trip], left: Left, previous: Model | None, seed: int = 1
) -> Learned | Unlearned:
    """Learn from the older trips, examine on the newest."""
    trips = sorted(trips, key=lambda trip: (trip.first_s, trip.id))
    cut = round(len(trips) * (1 - EXAMINED))
    if cut < FEWEST_TRIPS:
        return Unlearned(f"{len(trips)} finished trips are too few: {FEWEST_TRIPS} to learn from, and more to test on.")
    samples = lay_out(trips, left)
    begins_s = trips[cut].first_s
    over = np.array([n < cut and trip.last_s <= begins_s for n, trip in enumerate(trips)])
    model = learn_from(samples.of(over[samples.trip]), seed)
    if isinstance(model, Unlearned):
        return model
    return Learned(model, examine(model, previous, samples.of(samples.trip >= cut)))


def examine(candidate: Model, previous: Model | None, unseen: Samples) -> Verdict:
    """Judge by trips the candidate never saw. Where nothing can be judged, nothing takes over."""
    if not len(unseen):
        return Verdict(False, "There is no trip to examine it on.")
    low_s, mid_s, high_s = replay(candidate, unseen)
    trips = len(np.unique(unseen.trip))
    if not (np.isfinite(low_s).all() and np.isfinite(mid_s).all() and np.isfinite(high_s).all()):
        return Verdict(False, "It predicts values that are no numbers.", trips)
    mae_s, coverage = measures.mae_s(mid_s, unseen.left_s), measures.covered(low_s, high_s, unseen.left_s)
    factor_s = measures.mae_s(unseen.rows[:, STATIC] * candidate.kept.factor, unseen.left_s)
    before_s = measures.mae_s(previous.left_s(unseen.rows), unseen.left_s) if previous else None
    reason = _fault(mae_s, factor_s, before_s, coverage)
    said = f"Its mean error is {mae_s:.0f} s on {trips} trips it never saw."
    return Verdict(not reason, reason or said, trips, mae_s, before_s, coverage)


def _fault(mae_s: float, factor_s: float, before_s: float | None, coverage: float) -> str:
    """What is wrong with the candidate, or nothing."""
    if before_s is not None and mae_s > before_s * WORSE_IS_CHANCE:
        return f"Its mean error is {mae_s:.0f} s, the previous model's {before_s:.0f} s on the same trips."
    if mae_s > factor_s:
        return f"Its mean error is {mae_s:.0f} s, a single factor's {factor_s:.0f} s."
    if not COVERS[0] <= coverage <= COVERS[1]:
        return f"Its windows hold {coverage:.0%} of arrivals; four of five are promised."
    return ""
