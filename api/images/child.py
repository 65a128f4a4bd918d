"""`python -m api.images.child`: one order on standard input, its outcome on standard output, both as msgpack.

It gives up memory and processor time beyond the order's limits before it looks at the picture, and opens nothing.
"""

import resource
import sys

import msgspec

from api.errors import Refused
from api.images.recode import recode
from api.images.rules import Order, Outcome, too_costly


def main() -> int:
    """Press one picture."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    limits = order.limits
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is written but to the pipe
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        pressed = recode(order)
    except MemoryError:
        pressed = too_costly(order.field)
    outcome = Outcome(refused=pressed) if isinstance(pressed, Refused) else Outcome(pressed)
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
