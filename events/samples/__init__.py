"""Plug-ins that work, to begin one's own from: `payment.py` calls a provider, `recommendation.py` learns from orders,
`classifier.py` labels pictures. None runs unless EVENT_PLUGINS names it.
"""
