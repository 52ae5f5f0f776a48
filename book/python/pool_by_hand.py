"""What becomes of jobs in the queue when a pool is left, and what a failed job costs."""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from threading import Event


# ANCHOR: fail
def worker_outlives_its_job():
    with ThreadPoolExecutor(1) as pool:
        failed = pool.submit(lambda: 1 / 0)
        after = pool.submit(lambda: "done")
    return type(failed.exception()).__name__, after.result()
# ANCHOR_END: fail


def done_by_executor():
    done = []
    with ThreadPoolExecutor(1) as pool:
        for number in range(1, 4):
            pool.submit(done.append, number)
    return done


# ANCHOR: leave
def done_by_pool():
    done, begun, let_go = [], Event(), Event()

    def job(number):
        begun.set()
        let_go.wait()
        done.append(number)

    with ThreadPool(1) as pool:
        for number in range(1, 4):
            pool.apply_async(job, [number])
        begun.wait()
    let_go.set()
    pool.join()
    return done
# ANCHOR_END: leave


if __name__ == "__main__":
    print("a job failed, the next one:", *worker_outlives_its_job())
    print("with ThreadPoolExecutor: ", done_by_executor())
    print("with ThreadPool:         ", done_by_pool())
