"""How the outside is asked. `breaker.py` decides when not to; `guard.py` asks, bounded in time, and counts; `ending.py`
ends whoever asks.
"""
