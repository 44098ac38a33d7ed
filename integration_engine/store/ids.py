"""Ids made in Python: 63-bit, rising with time, unlike between processes, so that no insert waits for an answer."""

from __future__ import annotations

import secrets
import threading
import time

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01
_NODE_BITS = 10
_COUNT_BITS = 12


class IdFactory:
    """Gives ids: 41 bits of milliseconds, 10 of process, 12 of counter. Thread-safe."""

    def __init__(self, node: int | None = None) -> None:
        self._node = (secrets.randbits(_NODE_BITS) if node is None else node) << _COUNT_BITS
        self._lock = threading.Lock()
        self._last = 0
        self._count = 0

    def next(self) -> int:
        """A fresh id, larger than every earlier one of this factory."""
        with self._lock:
            now = time.time_ns() // 1_000_000 - _EPOCH_MS
            if now <= self._last:
                now = self._last
                self._count += 1
                if self._count >> _COUNT_BITS:
                    now += 1
                    self._count = 0
            else:
                self._count = 0
            self._last = now
            return now << (_NODE_BITS + _COUNT_BITS) | self._node | self._count
