"""What becomes of the job of a killed worker."""

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


def square(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


# ANCHOR: pool
def in_a_pool(number):
    with multiprocessing.Pool(1) as pool:
        job = pool.apply_async(square, [number])
        try:
            # Without a limit this would wait for ever, for 3.
            return job.get(timeout=1)
        except multiprocessing.TimeoutError:
            return f"no answer, no error; job 4: {pool.apply(square, [4])}"
# ANCHOR_END: pool


def in_an_executor():
    with ProcessPoolExecutor(1) as pool:
        error = pool.submit(square, 3).exception()
        try:
            pool.submit(square, 4)
        except BrokenProcessPool:
            return f"{type(error).__name__}; takes no more jobs"


if __name__ == "__main__":
    print("Pool, job 2:", in_a_pool(2))
    print("Pool, job 3:", in_a_pool(3))
    print("Executor, job 3:", in_an_executor())
