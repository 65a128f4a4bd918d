"""What a process of `forked.py` finds done: nearly all imports of servers and workers, and the fences' machine code.

`api.serve` and `api.worker` are not among them: what they import draws a name for its process.
"""

import gc
from importlib import import_module

from geo.fences.engine import prepare

for name in (
    "uvicorn.protocols.http.httptools_impl", "uvloop", "api.routing", "api.world", "api.socket.engine", "api.consumers",
    "api.bus.opening", "api.bus.staff", "api.geofences.watch", "api.notices.sending", "tracking.persister",
):
    import_module(name)
prepare()
gc.freeze()
