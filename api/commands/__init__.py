"""What each `ridewire` command does with its arguments; the work itself stands elsewhere.

`serve` and `worker` start the two programs of a deployment, `demo` starts everything at once, `token` and `secret` make
tokens, `replay` and `simulate` bring riders, `doctor` looks at the machine; `options` holds what several of them take.
"""
