"""What one ping costs from rider to watcher: riders and watchers one to one, at paced rates, several systems in turn.

`__main__` runs every system at every rate, `load` is the separate process that sends and measures, `table` prints.
"""
