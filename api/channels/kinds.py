"""Every kind of channel about riders and orders, by its prefix."""

from api.channels.area import AreaKind
from api.channels.counters import Counters
from api.channels.ops import OpsKind
from api.channels.order import Extra, OrderKind, nothing_more
from api.channels.rider import RiderKind
from api.channels.user import UserKind
from api.channels.vendor import VendorKind
from api.orders.store import OrderStore
from api.socket.channels import ChannelKind
from tracking.watch import Watch


def channel_kinds(
    watch: Watch, orders: OrderStore, counters: Counters, extra: Extra = nothing_more
) -> dict[str, ChannelKind]:
    """The registry the sockets are given; other features add theirs."""
    return {
        "order": OrderKind(orders, watch, extra),
        "rider": RiderKind(watch),
        "area": AreaKind(watch),
        "ops": OpsKind(counters),
        "vendor": VendorKind(orders),
        "user": UserKind(),
    }
