"""What happened to an order, for a dispute: `store` gathers what was logged, `timeline` puts it on one clock, `page`
writes it down for people, `routes` hands it to staff and remembers who asked.
"""
