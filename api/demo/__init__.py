"""Everything at once on one machine: `stack` starts embedded servers and our own programs and keeps them up, `links`
makes the addresses to look at it with. The riders and orders come from `api.simulate`.
"""
