"""Measures Python's multiprocessing, for the tables of crossprocess.

Run:     python3 measure.py PART ROUNDS
Expect:  a line for each way: "name|seconds for one operation, as often as there are rounds"
"""

import concurrent.futures
import multiprocessing
import sys
import time

context = multiprocessing.get_context("fork")


def each(count, work):
    """Seconds for one of `count` calls."""
    begun = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - begun) / count


def report(name, rounds, run):
    print(name + "|" + " ".join(f"{run():.12f}" for _ in range(rounds)), flush=True)


def taken(lock):
    with lock:
        pass


def lock_alone(rounds):
    lock = context.Lock()
    report("`Lock`, nothing inside", rounds, lambda: each(50_000, lambda: taken(lock)))


def hammer(lock, start, count):
    start.wait()
    for _ in range(count):
        with lock:
            pass


def lock_together(rounds):
    count = 50_000

    def run():
        lock, start = context.Lock(), context.Barrier(2)
        child = context.Process(target=hammer, args=(lock, start, count))
        child.start()
        start.wait()
        begun = time.perf_counter()
        for _ in range(count):
            with lock:
                pass
        child.join()
        return (time.perf_counter() - begun) / (2 * count)

    report("`Lock`, nothing inside", rounds, run)


def semaphore(rounds):
    permits = context.Semaphore(1)
    report("`Semaphore`", rounds, lambda: each(50_000, lambda: taken(permits)))


def pong(ping, answer, turns):
    for _ in range(turns):
        ping.acquire()
        answer.release()


def condition(rounds):
    turns = 5_000

    def run():
        ping, answer = context.Semaphore(0), context.Semaphore(0)
        child = context.Process(target=pong, args=(ping, answer, turns))
        child.start()

        def turn():
            ping.release()
            answer.acquire()

        taken = each(turns, turn)
        child.join()
        return taken

    report("two semaphores", rounds, run)


def queue_sender(queue, message, count):
    for _ in range(count):
        queue.put(message)


def queue_receiver(queue, count, done):
    for _ in range(count):
        queue.get()
    done.release()


def queues(rounds, size, count, pairs):
    message = bytes(size)

    def through(make):
        queue, done = make(), context.Semaphore(0)
        receivers = [
            context.Process(target=queue_receiver, args=(queue, count, done))
            for _ in range(pairs)
        ]
        senders = [
            context.Process(target=queue_sender, args=(queue, message, count))
            for _ in range(pairs)
        ]
        for process in receivers:
            process.start()
        begun = time.perf_counter()
        for process in senders:
            process.start()
        for _ in receivers:
            done.acquire()
        taken = (time.perf_counter() - begun) / (count * pairs)
        for process in receivers + senders:
            process.join()
        return taken

    report("`Queue`", rounds, lambda: through(context.Queue))
    report("`SimpleQueue`", rounds, lambda: through(context.SimpleQueue))
    if pairs > 1:
        return

    def pipe_receiver(connection, done):
        for _ in range(count):
            connection.recv_bytes()
        done.release()

    def pipe():
        receiving, sending = context.Pipe(duplex=False)
        done = context.Semaphore(0)
        child = context.Process(target=pipe_receiver, args=(receiving, done))
        child.start()
        begun = time.perf_counter()
        for _ in range(count):
            sending.send_bytes(message)
        done.acquire()
        taken = (time.perf_counter() - begun) / count
        child.join()
        return taken

    report("`Pipe`, `send_bytes`", rounds, pipe)


def double(number):
    return 2 * number


def pools(rounds):
    jobs = 4_000

    def run(results):
        begun = time.perf_counter()
        for _ in results():
            pass
        return (time.perf_counter() - begun) / jobs

    with context.Pool(2) as pool:
        for name, chunk in [("1", 1), ("64", 64), ("default", None)]:
            report(
                f"`Pool.map`, chunk {name}",
                rounds,
                lambda: run(lambda: pool.map(double, range(jobs), chunk)),
            )
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        for chunk in [1, 64]:
            report(
                f"`ProcessPoolExecutor.map`, chunk {chunk}",
                rounds,
                lambda: run(lambda: pool.map(double, range(jobs), chunksize=chunk)),
            )


def nothing():
    pass


def starts(rounds):
    for method in ["fork", "spawn", "forkserver"]:
        chosen = multiprocessing.get_context(method)

        def run():
            process = chosen.Process(target=nothing)
            begun = time.perf_counter()
            process.start()
            process.join()
            return time.perf_counter() - begun

        report(f"`Process`, {method}", rounds, run)


def main():
    part, rounds = sys.argv[1], int(sys.argv[2])
    if part.startswith("queue"):
        _, size, count, pairs = part.split()
        queues(rounds, int(size), int(count), int(pairs))
    else:
        parts = {
            "lock-alone": lock_alone,
            "lock-together": lock_together,
            "semaphore": semaphore,
            "condition": condition,
            "pools": pools,
            "starts": starts,
        }
        parts[part](rounds)


if __name__ == "__main__":
    main()
