"""What notifications say: title and body for each row of the rules' table. Pure."""

from typing import Final

WORDS: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("order.placed", "customer"): ("Order {order} is placed", "The shop has it and will answer soon."),
    ("order.placed", "vendor"): ("New order {order}", "A customer waits for your answer."),
    ("order.accepted", "customer"): ("Order {order} is accepted", "The shop will prepare it."),
    ("order.preparing", "customer"): ("Order {order} is being prepared", "You hear from us when it is ready."),
    ("order.ready", "customer"): ("Order {order} is ready", "It waits for its rider."),
    ("order.ready", "rider"): ("Order {order} is ready", "You can pick it up."),
    ("order.picked_up", "customer"): ("Order {order} is on its way", "The rider has picked it up."),
    ("order.near", "customer"): ("Order {order} is near", "Your rider is a few minutes away."),
    ("order.arriving", "customer"): ("Order {order} is arriving", "Your rider is almost there."),
    ("order.delivered", "customer"): ("Order {order} is delivered", "Enjoy it. You can rate it now."),
    ("order.delivered", "vendor"): ("Order {order} is delivered", "The customer has it."),
    ("order.cancelled", "customer"): ("Order {order} is cancelled", "Nothing will be brought."),
    ("order.cancelled", "vendor"): ("Order {order} is cancelled", "Stop preparing it."),
    ("order.cancelled", "rider"): ("Order {order} is cancelled", "Do not ride for it any more."),
    ("order.assigned", "rider"): ("Order {order} is yours", "It was assigned to you."),
    ("order.assigned", "customer"): ("Order {order} has a rider", "You can follow the rider after pick-up."),
    ("order.offered", "rider"): ("Order {order} is offered to you", "Answer before somebody else is asked."),
    ("stock.low", "vendor"): ("{product} is running out", "{left}."),
    ("rider.silent", "dispatcher"): ("Rider {rider} is silent", "Order {order} is with them, and nothing is heard."),
    ("chat.unread", "member"): ("Message from {sender}", "1 unread message"),
}
SHORT = 6


def short(order: str) -> str:
    """The end of an order's id: what people tell each other."""
    return order[-SHORT:].upper()
