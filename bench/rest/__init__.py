"""REST beside Fastify: `seed.py` fills a database for each, `load.py` asks over raw sockets, `__main__.py` prints."""
