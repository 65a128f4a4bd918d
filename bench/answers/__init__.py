"""How soon REST answers: `load.py` asks at a pace, `delay.py` makes MongoDB slow, `__main__.py` prints the promises."""
