"""Side-by-side measurements, each printing one table from one run on one machine.

`world` starts a system on servers of its own, `usage` reads what it costs from /proc, `tokens` lets simulated clients
in, `dialects` says each system's words, `link` is one cheap client socket. On these stand the programs: `fanout/`
(what a delivered ping costs, beside Node peers in `peers/`), `slow_readers` (what stalled clients do to good ones),
`crash` (what kill -9 loses) and `replay_porto` (recorded trips at 20x, compared by `agreement` with what is stored and
shown), `fences` (what a ping costs at up to 100,000 fences), `fence_flaps` (whether fences flap) and `fence_crossings`
(whether any is missed). `eta` starts nothing: it learns arrival times from recorded trips and says how wrong they are.
What a page says of them is put there by `page`.
Run one with `python -m bench.NAME --help`.
"""
