"""Journeys: a real browser on real server processes, told as what people do and see."""
