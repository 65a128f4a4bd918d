"""How often somebody may ask: `window.py` decides in one process (pure), `rates.py` for all of them in Redis."""
