"""Processes that are given a number each, and send back another."""

import multiprocessing

WORK = [5000, 4000, 3000]


# ANCHOR: worker
def worker(limit, answer):
    primes = [n for n in range(2, limit) if all(n % d for d in range(2, int(n**0.5) + 1))]
    answer.send(len(primes))


def start(limit):
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=worker, args=(limit, writer))
    process.start()
    writer.close()
    return process, reader
# ANCHOR_END: worker


if __name__ == "__main__":
    # A new interpreter, which imports this file: without the `if` above it would
    # start processes, too.
    context = multiprocessing.get_context("spawn")
    started = [start(limit) for limit in WORK]
    for limit, (process, reader) in zip(WORK, started):
        print(f"{reader.recv()} primes below {limit}")
        process.join()
        print(f"  exit code {process.exitcode}")
