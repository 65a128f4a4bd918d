"""What happened per day, counted from events: `tally.py` counts."""
