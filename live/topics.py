"""How topics are spelled: the names under which this process's hub, and Redis between processes, know a stream."""

VIEW_MARK = "~"
LOG_PREFIX = "log:"


def view(channel: str, name: str) -> str:
    """The topic of one view of a channel, where viewers of the same channel see different things."""
    return f"{channel}{VIEW_MARK}{name}"


def channel_of(topic: str) -> str:
    """The channel a topic belongs to."""
    return topic.partition(VIEW_MARK)[0]


def log(channel: str) -> str:
    """The relay topic that carries a channel's new log items between processes."""
    return LOG_PREFIX + channel
