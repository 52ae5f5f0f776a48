"""A result that is not there yet: wait for it, give up waiting, cancel it."""

from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as NotYet
from threading import Event


# ANCHOR: wait
def wait_at_most(pool):
    let_go = Event()
    slow = pool.submit(lambda: let_go.wait() and 1)
    try:
        early = slow.result(timeout=0.01)
    except NotYet:
        early = None
    let_go.set()
    return early, slow.result()
# ANCHOR_END: wait


def cancel(pool):
    begun, let_go = Event(), Event()

    def hold():
        begun.set()
        let_go.wait()

    running = pool.submit(hold)
    queued = pool.submit(lambda: 2)
    begun.wait()
    answers = queued.cancel(), running.cancel()
    let_go.set()
    try:
        queued.result()
    except CancelledError as error:
        return answers, type(error).__name__


def unseen(pool):
    """Nobody asks this future, so nobody is told."""
    pool.submit(lambda: 1 / 0)


def in_order_of_completion(pool):
    jobs = {pool.submit(lambda n=n: n * n): n for n in (1, 2, 3)}
    return sorted(jobs[done] for done in as_completed(jobs))


if __name__ == "__main__":
    with ThreadPoolExecutor(1) as pool:
        print("wait at most 10 ms: %s, and later %s" % wait_at_most(pool))
        print("cancel: queued, running = %s, then %s" % cancel(pool))
        print("each once:", in_order_of_completion(pool))
        unseen(pool)
    print("an exception that nobody asked for was not told")
