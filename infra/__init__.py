"""Opening the world: settings, clients, logs, metrics and embedded servers; only composition roots import it."""
