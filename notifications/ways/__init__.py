"""The ways out to people who are not here.

`outcome.py` says how an attempt can end. `webpush.py` encrypts for a browser and signs as `vapid.py` says; `mail.py`
sends what `letter.py` writes through `smtp.py`; `sms.py` asks a gateway. Every address that somebody gave us is asked
through `egress.py`, which connects only where `addresses.py` allows. `gate.py` keeps each provider behind its breaker,
its time-out and its rate.
"""
