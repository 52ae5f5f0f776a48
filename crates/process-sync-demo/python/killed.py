"""The killings of the scenes die-holding, die-waiting and die-sending, done to
Python's multiprocessing.

Run:     python3 killed.py die-holding
Expect:  for each case "CASE|tries" and, unless it hangs, "CASE|MILLISECONDS|WHAT IT GOT";
         ends when its standard input does
Source:  multiprocessing of Python 3.9 to 3.14
"""

import multiprocessing
import os
import queue
import signal
import sys
import threading
import time

# A forked child has the objects of its parent, whatever the default start method is.
context = multiprocessing.get_context("fork")

# A victim that has said that it is about to wait is asleep by then, most likely.
PAUSE = 0.03
# More than fits into a pipe: who sends it is in the middle until somebody reads.
LARGE = 8 << 20


def hold_until_killed(ready):
    ready()
    while True:
        signal.pause()


def hold_lock():
    lock = context.Lock()

    def victim(ready):
        lock.acquire()
        hold_until_killed(ready)

    def survivor(kill_victim):
        kill_victim()
        lock.acquire()
        return "the lock"

    return victim, survivor


def hold_reentrant_lock():
    lock = context.RLock()

    def victim(ready):
        lock.acquire()
        hold_until_killed(ready)

    def survivor(kill_victim):
        kill_victim()
        lock.acquire()
        return "the lock"

    return victim, survivor


def hold_semaphore():
    semaphore = context.Semaphore(1)

    def victim(ready):
        semaphore.acquire()
        hold_until_killed(ready)

    def survivor(kill_victim):
        kill_victim()
        semaphore.acquire()
        return "the permit"

    return victim, survivor


def hold_value():
    value = context.Value("i", 0)

    def victim(ready):
        with value.get_lock():
            value.value = 1
            hold_until_killed(ready)

    def survivor(kill_victim):
        kill_victim()
        return f"the value {value.value}"

    return victim, survivor


def wait_for_lock():
    lock = context.Lock()

    def victim(ready):
        ready()
        lock.acquire()

    def survivor(kill_victim):
        with lock:
            kill_victim()
        with lock:
            return "the lock"

    return victim, survivor


def wait_for_condition():
    condition = context.Condition()

    def victim(ready):
        with condition:
            ready()
            condition.wait()

    def survivor(kill_victim):
        kill_victim()
        with condition:
            condition.notify_all()
        return "notified"

    return victim, survivor


def wait_for_event():
    event = context.Event()

    def victim(ready):
        ready()
        event.wait()

    def survivor(kill_victim):
        kill_victim()
        event.set()
        return "set"

    return victim, survivor


def wait_for_barrier():
    barrier = context.Barrier(3)

    def victim(ready):
        ready()
        barrier.wait()

    def survivor(kill_victim):
        kill_victim()
        try:
            barrier.wait(timeout=0.1)
            return "passed"
        except threading.BrokenBarrierError:
            return "broken"

    return victim, survivor


def in_send():
    messages = context.Queue()

    def victim(ready):
        messages.put(bytes(LARGE))
        while messages.empty():
            # The thread that sends has not begun.
            time.sleep(0.001)
        hold_until_killed(ready)

    def survivor(kill_victim):
        kill_victim()
        try:
            messages.get(timeout=0.1)
            return "a message"
        except queue.Empty:
            return "nothing"

    return victim, survivor


def after_send():
    messages = context.Queue()

    def victim(ready):
        messages.put("sent")
        ready()
        os.kill(os.getpid(), signal.SIGKILL)

    def survivor(kill_victim):
        kill_victim()
        try:
            return messages.get(timeout=0.1)
        except queue.Empty:
            return "message lost"

    return victim, survivor


def in_recv():
    messages = context.Queue()

    def victim(ready):
        ready()
        messages.get()

    def survivor(kill_victim):
        kill_victim()
        messages.put("a message")
        return messages.get()

    return victim, survivor


def with_a_task():
    tasks = context.JoinableQueue()

    def victim(ready):
        tasks.get()
        hold_until_killed(ready)

    def survivor(kill_victim):
        tasks.put("a task")
        kill_victim()
        tasks.join()
        return "joined"

    return victim, survivor


SCENES = {
    "die-holding": {
        "Lock": hold_lock,
        "ReentrantLock": hold_reentrant_lock,
        "Semaphore": hold_semaphore,
        "Value": hold_value,
    },
    "die-waiting": {
        "Lock": wait_for_lock,
        "Condition": wait_for_condition,
        "Event": wait_for_event,
        "Barrier": wait_for_barrier,
    },
    "die-sending": {
        "in send": in_send,
        "after send": after_send,
        "in recv": in_recv,
        "with a task": with_a_task,
    },
}


def play(name, case):
    """Kills the victim of one case, and tells what its survivor gets."""
    victim, survivor = case()
    reading_end, writing_end = os.pipe()
    child = context.Process(target=victim, args=(lambda: os.write(writing_end, b"!"),))
    killed_at = 0

    def kill_victim():
        nonlocal killed_at
        child.start()
        os.read(reading_end, 1)
        time.sleep(PAUSE)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        killed_at = time.monotonic()
        tell(name, "tries")

    got = survivor(kill_victim)
    took = (time.monotonic() - killed_at) * 1000
    tell(name, f"{took:.3f}", got)
    # What is left in its queues is nobody's business any more.
    os._exit(0)


def tell(*words):
    # In one write, so that the lines of several processes do not mix.
    os.write(1, ("|".join(words) + "\n").encode())


def main():
    cases = SCENES[sys.argv[1]]
    tell("Python", "%d.%d.%d" % sys.version_info[:3])
    for name, case in cases.items():
        # All at the same time: to wait for one that hangs is to wait for all of them.
        context.Process(target=play, args=(name, case)).start()
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
