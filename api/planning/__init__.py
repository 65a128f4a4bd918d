"""Planning rounds, in the order a request meets the files.

`routes.py` takes HTTP; `shapes.py` says what a plan is asked for and how it is answered. `travel.py` tells how long
everything takes from everywhere: by the city's streets, or as the crow flies with a detour. `problem.py` (pure) puts
the question into VROOM's words, and `solver.py` has VROOM answer it in a process of its own, `search.py`. `answer.py`
(pure) turns that into a round with times, and `reasons.py` (pure) says of each stop left over why it cannot be served.
"""
