"""One WebSocket: frames in, one write per turn out, pings, slow readers, the closing handshake. No task, no await."""

import socket
from typing import TYPE_CHECKING

import structlog
from picows import WSFrame, WSListener, WSTransport

from api.socket.assembly import BINARY, CONTINUATION, TEXT, Assembly, answer_to_close, is_utf8
from api.socket.codes import Close, cut
from api.socket.peer import Peer
from api.socket.wheel import NEVER

if TYPE_CHECKING:
    from api.socket.engine import Engine

CLOSE, PING, PONG = 8, 9, 10
HIGH_WATER_BYTES = 64 * 1024
UNSENT_BYTES = 32 * 1024  # what the kernel may hold unsent: the rest waits in the outbox, where newer values replace it

logger = structlog.get_logger("api.socket")


class Connection(WSListener):
    """The engine's side of one socket. All deadlines share the engine's wheel."""

    __slots__ = (
        "_assembly", "_heard", "_moved", "_paused", "_pinged_at", "_pong", "_stalled_since", "_written", "closing",
        "dirty", "engine", "peer", "slot", "transport", "until",
    )

    transport: WSTransport
    peer: Peer

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.slot = NEVER
        self.dirty = self._heard = self._paused = False
        self.closing = 0
        self.until = 0.0
        self._assembly: Assembly | None = None
        self._pong: bytes | None = None
        self._pinged_at = 0.0
        self._written = self._moved = 0
        self._stalled_since = 0.0

    # What picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done: bound the buffers and start the first deadlines."""
        self.transport = transport
        under = transport.underlying_transport
        under.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        raw = under.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        now_s = self.engine.time()
        self._pinged_at = now_s
        self._heard = True
        self.engine.wheel.at(self.tick(now_s) or now_s, self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame came. The first branch is the hot path: a whole message."""
        self._heard = True
        self.engine.meters.frames_in += 1
        kind: int = frame.msg_type  # type: ignore[assignment]  # an int in fact
        if self.closing and kind != CLOSE:
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.fail(Close.PROTOCOL)
        elif kind in (TEXT, BINARY) and self._assembly is None:
            if frame.fin:
                self._deliver(frame.get_payload_as_bytes(), kind == TEXT)
            else:
                self._assembly = Assembly(kind == TEXT, self.engine.limit_bytes)
                self._add(frame)
        elif kind == CONTINUATION and self._assembly is not None:
            self._add(frame)
        elif kind == PING:
            self._answer_ping(frame.get_payload_as_bytes())
        elif kind == CLOSE:
            self._answer_close(frame.get_payload_as_bytes())
        elif kind != PONG:
            self.fail(Close.PROTOCOL)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The transport is gone, for whatever reason."""
        code = self.closing or 1006
        self.closing = code
        self.engine.gone(self, code)
        self.peer.lost(code)

    def pause_writing(self) -> None:
        """More waits unsent than the high-water mark: stop taking from the outbox, where newer replaces older."""
        self._paused = True
        self._watch_stall()

    def resume_writing(self) -> None:
        """The reader caught up."""
        self._paused = False
        if self._pong is not None:
            pong, self._pong = self._pong, None
            self.transport.send_pong(pong)
        self.wake()

    # What the peer calls

    def wake(self) -> None:
        """Something waits to be written: once per loop turn."""
        if not self.dirty:
            self.dirty = True
            self.engine.mark(self)

    def look_in(self, wait_s: float) -> None:
        """Let the peer check its deadlines after this time at the latest."""
        self.engine.wheel.at(self.engine.time() + wait_s, self)

    def hang_up(self, code: int, reason: str) -> None:
        """Write what still waits, then the close frame; the transport goes when the client answers, or soon."""
        if self.closing:
            return
        self.closing = code
        stalled = code in (Close.SLOW_READER, Close.NO_PONG)
        self._write_all()
        self.transport.send_close(code, cut(reason))  # type: ignore[arg-type]  # any int in fact
        patience = self.engine.patience
        self.until = self.engine.time() + (patience.close_stalled_within_s if stalled else patience.close_within_s)
        self.engine.wheel.at(self.until, self)

    # What the engine calls

    def flush(self, now_ms: float) -> None:
        """Write what waits, unless the reader is behind."""
        self.dirty = False
        if self.closing:
            return
        if self.peer.overflowed:
            self.peer.end(Close.SLOW_READER, drop=True)
        elif not self._paused:
            while not self._paused and not self.closing and (frame := self.peer.take(now_ms)) is not None:
                self._send(frame)
                if not self.peer.has_more:
                    break
            if not self._stalled_since and self.transport.underlying_transport.get_write_buffer_size():
                self._watch_stall()

    def tick(self, now_s: float) -> float | None:
        """A deadline may have come: closing, stall, ping, pong, or one of the session's."""
        if self.closing:
            if now_s >= self.until:
                self.transport.underlying_transport.abort()
                return None
            return self.until
        session_s = self.peer.check(now_s)
        own_s = min(self._check_ping(now_s), self._check_stall(now_s))
        if self.closing:
            return self.until
        return own_s if session_s is None else min(own_s, session_s)

    def fail(self, code: Close, reason: str = "") -> None:
        """Something broke the protocol: the peer says its last words and hangs up."""
        self._assembly = None
        self.peer.end(code, reason)

    def unparsed(self, code: Close) -> None:
        """picows met a frame it cannot read, maybe one frame ahead of those it handed over."""
        shaken = self.transport.close_handshake
        if self.closing:
            return
        if shaken is not None and shaken.recv is not None:  # after a close frame nothing counts, not even this one
            self._answer_close(int(shaken.recv.code).to_bytes(2, "big") if shaken.recv.code else b"")  # type: ignore
        else:
            self.fail(code)

    # Inside

    def _deliver(self, message: bytes, is_text: bool) -> None:
        if is_text and not is_utf8(message):
            self.fail(Close.BAD_UTF8)
        else:
            self._hand_over(message, is_text)

    def _hand_over(self, message: bytes, is_text: bool) -> None:
        try:
            self.peer.received(message, is_text)
        except Exception:
            logger.exception("a message made the server fail")
            self.fail(Close.SERVER_ERROR)

    def _add(self, frame: WSFrame) -> None:
        assembly = self._assembly
        assert assembly is not None  # noqa: S101 - the caller looked
        whole = assembly.add(frame.get_payload_as_bytes(), bool(frame.fin))
        if isinstance(whole, Close):
            self.fail(whole)
        elif whole is not None:
            self._assembly = None
            self._hand_over(whole, assembly.is_text)

    def _answer_ping(self, payload: bytes) -> None:
        """While the reader is behind only the newest ping is answered (RFC 6455 5.5.3), so pings cannot pile up."""
        if self._paused:
            self._pong = payload
        else:
            self.transport.send_pong(payload)

    def _answer_close(self, payload: bytes) -> None:
        """The client closes, or answers our close."""
        if not self.closing:
            code = answer_to_close(payload)
            self.closing = code or Close.NORMAL
            if code is None:
                self.transport.send(CLOSE, b"")  # type: ignore[arg-type]  # any int in fact
            else:
                self.transport.send_close(code, "")  # type: ignore[arg-type]
        self.until = self.engine.time() + self.engine.patience.close_within_s
        self.engine.wheel.at(self.until, self)
        self.transport.disconnect()

    def _write_all(self) -> None:
        now_ms = self.engine.now_ms()
        while (frame := self.peer.take(now_ms)) is not None:
            self._send(frame)

    def _send(self, frame: bytes) -> None:
        meters = self.engine.meters
        meters.frames_out += 1
        meters.bytes_out += len(frame)
        self._written += len(frame) + (2 if len(frame) < 126 else 4 if len(frame) < 65536 else 10)
        self.transport.send(TEXT if self.peer.is_text else BINARY, frame)  # type: ignore[arg-type]

    def _check_ping(self, now_s: float) -> float:
        """Ping at a steady beat; a beat without any frame after it means nobody is there."""
        patience = self.engine.patience
        if not self._heard and now_s >= self._pinged_at + patience.pong_within_s:
            self.peer.end(Close.NO_PONG)
            return NEVER
        if now_s >= self._pinged_at + patience.ping_every_s:
            self._pinged_at = now_s
            self._heard = False
            self.transport.send_ping()
        return self._pinged_at + (patience.ping_every_s if self._heard else patience.pong_within_s)

    def _watch_stall(self) -> None:
        if not self._stalled_since:
            self._stalled_since = self.engine.time()
            self._moved = self._written - self.transport.underlying_transport.get_write_buffer_size()
            self.engine.wheel.at(self._stalled_since + self.engine.patience.stall_look_s, self)

    def _check_stall(self, now_s: float) -> float:
        """A writer that did not move for long has no reader."""
        if not self._stalled_since:
            return NEVER
        unsent = self.transport.underlying_transport.get_write_buffer_size()
        if not unsent:
            self._stalled_since = 0.0
            return NEVER
        moved = self._written - unsent
        if moved > self._moved:
            self._moved = moved
            self._stalled_since = now_s
        elif now_s - self._stalled_since >= self.engine.patience.stall_s:
            self.peer.end(Close.SLOW_READER, drop=True)
            return NEVER
        return now_s + self.engine.patience.stall_look_s
