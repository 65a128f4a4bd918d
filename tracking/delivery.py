"""Who sees the rider of an order, how sharply, and since when. Every privacy rule of a position is in this file.

The table says what a view sees now. A fix is judged by its own time as well: where the rider was before the order
was theirs is shown to no customer and no vendor, and where they were before pick-up stays coarse for ever.

Why vendors see what they see: they must know when to have the goods ready, so the way to the shop is exact; the way
from the shop to the door is the customer's affair, and a vendor sees what the customer sees. Nobody keeps watching a
rider through an order that has ended; staff have `rider:` and `area:` for that.
"""

from enum import Enum, auto

import msgspec

from tracking.messages import Fix

NEVER = 1 << 62


class View(Enum):
    """From which side somebody looks at an order. Values are the topic suffixes."""

    FULL = "full"  # its rider, dispatchers, admins
    SHOP = "shop"  # its vendor
    PUBLIC = "public"  # its customer, share links


class Phase(Enum):
    """What an order means to the one who carries it."""

    UNASSIGNED = auto()
    TO_SHOP = auto()
    TO_DOOR = auto()
    OVER = auto()


class Sight(Enum):
    """How sharply a position is shown."""

    NONE = auto()
    COARSE = auto()
    EXACT = auto()


SIGHTS: dict[tuple[View, Phase], Sight] = {
    (View.FULL, Phase.UNASSIGNED): Sight.NONE,
    (View.FULL, Phase.TO_SHOP): Sight.EXACT,
    (View.FULL, Phase.TO_DOOR): Sight.EXACT,
    (View.FULL, Phase.OVER): Sight.NONE,
    (View.SHOP, Phase.UNASSIGNED): Sight.NONE,
    (View.SHOP, Phase.TO_SHOP): Sight.EXACT,
    (View.SHOP, Phase.TO_DOOR): Sight.EXACT,
    (View.SHOP, Phase.OVER): Sight.NONE,
    (View.PUBLIC, Phase.UNASSIGNED): Sight.NONE,
    (View.PUBLIC, Phase.TO_SHOP): Sight.COARSE,
    (View.PUBLIC, Phase.TO_DOOR): Sight.EXACT,
    (View.PUBLIC, Phase.OVER): Sight.NONE,
}

PHASES: dict[str, Phase] = {
    "order_placed": Phase.TO_SHOP,
    "accepted": Phase.TO_SHOP,
    "preparing": Phase.TO_SHOP,
    "ready": Phase.TO_SHOP,
    "picked_up": Phase.TO_DOOR,
    "arriving": Phase.TO_DOOR,
    "delivered": Phase.OVER,
    "cancelled": Phase.OVER,
}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What watching needs of an order. Instants are epoch milliseconds of our clock; 0 = has not happened."""

    order: str
    rev: int
    status: str
    rider: str = ""
    assigned_at_ms: int = 0
    picked_up_at_ms: int = 0
    pickup: tuple[float, float] | None = None  # degrees north, degrees east
    dropoff: tuple[float, float] | None = None


def phase(delivery: Delivery) -> Phase:
    """Where the order stands. A status nobody wrote down shows nobody."""
    now = PHASES.get(delivery.status, Phase.OVER)
    return Phase.UNASSIGNED if now is not Phase.OVER and not delivery.rider else now


class Window(msgspec.Struct, frozen=True):
    """From which fixes on one view is shown the rider, and from which on exactly. Epoch milliseconds of the fix."""

    rider: str = ""
    shown_from_ms: int = NEVER
    exact_from_ms: int = NEVER

    def sight(self, fix: Fix) -> Sight:
        """How sharply this fix is shown. A fix is as old as the older of its two clocks: a phone that runs fast cannot
        date a private place into a shared time."""
        was_ms = min(fix.ts, fix.received)
        if was_ms < self.shown_from_ms or fix.rider != self.rider:
            return Sight.NONE
        return Sight.EXACT if was_ms >= self.exact_from_ms else Sight.COARSE

    def is_narrower_than(self, other: "Window") -> bool:
        """Whether something seen through the other is not seen through this one, or not as sharply."""
        return (
            self.rider != other.rider or self.shown_from_ms > other.shown_from_ms
            or self.exact_from_ms > other.exact_from_ms
        )

    @property
    def is_open(self) -> bool:
        """Whether anything of the rider may be known through it."""
        return self.shown_from_ms < NEVER


CLOSED = Window()


def window(view: View, delivery: Delivery) -> Window:
    """What this view may see of the order's rider now."""
    now = phase(delivery)
    allowed = SIGHTS[view, now]
    if allowed is Sight.NONE:
        return CLOSED
    since_ms = 0 if view is View.FULL else delivery.assigned_at_ms
    if allowed is Sight.COARSE:
        return Window(delivery.rider, since_ms, NEVER)
    came_sharper = now is Phase.TO_DOOR and SIGHTS[view, Phase.TO_SHOP] is not Sight.EXACT
    return Window(delivery.rider, since_ms, max(since_ms, delivery.picked_up_at_ms) if came_sharper else since_ms)
