"""Times requests to a Manager; a line each: what, and the seconds it takes."""

import ctypes
import os
import statistics
import sys
import threading
import time
from multiprocessing.managers import SyncManager

TIMES = int(sys.argv[1])


def end_with_the_demo():
    """Its end of this pipe is closed when it ends, however that happens."""
    # Not `sys.stdin`: its lock would be copied, taken, into the manager's process.
    os.read(0, 1)
    os._exit(1)


def end_with_the_parent(parent):
    """The manager's process has no such pipe; Linux has this instead."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)
        if os.getppid() != parent:
            os._exit(1)


def median(action):
    """The typical seconds of an action."""
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def update(numbers):
    """A get and a set, though it does not look so."""
    numbers["count"] += 1


if __name__ == "__main__":
    threading.Thread(target=end_with_the_demo, daemon=True).start()
    start = time.perf_counter()
    # A socket without a file, where there is such a thing: nothing to leave behind.
    linux = sys.platform == "linux"
    manager = SyncManager(f"\0manager-demo-{os.getpid()}" if linux else None)
    manager.start(end_with_the_parent, [os.getpid()])
    numbers = manager.dict(count=0)
    print("start", time.perf_counter() - start)
    print("get", median(lambda: numbers["count"]))
    print("set", median(lambda: numbers.__setitem__("count", 1)))
    print("update", median(lambda: update(numbers)))
    manager.shutdown()
