"""Rooms over HTTP: `routes` opens and reads rooms, `said_routes` says and changes things in them, `own_routes` mutes,
blocks, reports and hands one's own data out, `attachment_routes` takes pictures and gives them; `own` is everything
of one person, handed out or erased; `shapes` is what requests and answers look like, `entry` finds a room for
somebody who may be in it, for the socket as well, and `hall` brings chat's parts together for a process.
"""
