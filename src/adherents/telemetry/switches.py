"""Whether a part is worth asking: once it failed, it is left alone for a moment, so that no request waits for it one by one."""

import threading
import time
from collections.abc import Callable


class Switch:
    """Off for `pause` seconds after a failure. Then one caller asks the part for all, and the others do without it meanwhile."""

    def __init__(self, pause: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause, self._clock = pause, clock
        self._lock = threading.Lock()
        self._off_until: float | None = None

    def is_on(self) -> bool:
        """Whether this caller may ask the part. It then says how that ended, by `failed` or `answered`."""
        if self._off_until is None:
            return True
        with self._lock:
            if self._off_until is not None and self._clock() < self._off_until:
                return False
            self._off_until = self._clock() + self._pause
            return True

    def failed(self) -> bool:
        """Leave the part alone. Returns whether it answered before: the first failure of an outage."""
        with self._lock:
            first, self._off_until = self._off_until is None, self._clock() + self._pause
            return first

    def answered(self) -> bool:
        """Returns whether it was off: the end of an outage."""
        if self._off_until is None:
            return False
        with self._lock:
            ended, self._off_until = self._off_until is not None, None
            return ended
