"""Why a stop cannot be served, by looking at it alone with each rider. Pure.

Alone means: straight from the start, as early as possible. Each place's earliest end is then the best there is, so a
stop that fails alone fails in every round, and one that does not was left over for the sake of the others.
"""

from api.planning.problem import Question, capacity_of, place_of, visits
from api.planning.shapes import LONGEST_S, Delivery, LeftOver, Rider, Stop, Why

WORDS: dict[Why, str] = {
    "off_road": "No street of this city is within 300 m.",
    "unreachable": "No street leads there and on for any rider.",
    "too_much": "More than fits on board of any rider.",
    "window_past": "The last window ends before the departure.",
    "window_missed": "Even straight from the start no rider is there before the last window ends.",
    "shift_over": "No rider can serve it and be done before the shift ends.",
    "not_all": "Possible alone, but not together with the others in the time and space the riders have.",
}
# From what no round can mend to what another round would: the mildest is told when riders fail differently.
SEVERITY: tuple[Why, ...] = ("unreachable", "too_much", "window_missed", "shift_over")


def left_over(asked: Question, task: Stop | Delivery) -> LeftOver:
    """The task with the reason why nobody serves it."""
    why = why_never(asked, task) or why_alone(asked, task) or "not_all"
    return LeftOver(
        id=task.id, kind="stop" if isinstance(task, Stop) else "delivery", why=why, message=WORDS[why]
    )


def why_never(asked: Question, task: Stop | Delivery) -> Why | None:
    """What is wrong with the task whoever rides; such a task is not even asked for."""
    if any(place_of(visit) in asked.off_road for visit in visits(task)):
        return "off_road"
    if not all(asked.spans(visit.windows) for visit in visits(task)):
        return "window_past"
    return None


def why_alone(asked: Question, task: Stop | Delivery) -> Why | None:
    """Why no rider could serve it even with nothing else to do; None when one could."""
    found = [_why_not(asked, rider, task) for rider in asked.request.riders]
    if None in found:
        return None
    return max((why for why in found if why is not None), key=SEVERITY.index)


def _why_not(asked: Question, rider: Rider, task: Stop | Delivery) -> Why | None:
    if task.amount > capacity_of(asked, rider):
        return "too_much"
    begin, end = asked.span(rider.works)
    now_s, here = max(0, begin), rider.start
    for visit in visits(task):
        travel_s = asked.from_to(here, visit)
        if travel_s is None:
            return "unreachable"
        span = next((span for span in asked.spans(visit.windows) if span[1] >= now_s + travel_s), None)
        if span is None:
            return "window_missed"
        now_s, here = max(now_s + travel_s, span[0]) + visit.service_s, visit
    home_s = asked.from_to(here, rider.end) if rider.end is not None else 0
    if home_s is None:
        return "unreachable"
    return "shift_over" if now_s + home_s > min(end, LONGEST_S) else None
