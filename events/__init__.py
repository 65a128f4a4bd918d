"""What happened, told to workers exactly once: as often as it takes, with an effect that counts once.

`kinds.py` lists the events there are, `event.py` is one of them in its envelope. `outbox.py` takes it inside the
caller's transaction, `relay.py` brings it to the broker. `topology.py` says which queues it goes to, `transport.py`
what a broker must promise; `amqp/` is RabbitMQ, `streams/` is Redis. `consumer.py` runs the reactions to a delivery
(`reaction.py`, and from outside `plugin.py`); each one's effect is committed together with the mark that it is done by
`once.py`. `deaf.py` tells a consumer that hears nothing from one that has nothing to hear.
"""
