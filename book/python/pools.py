"""A loop shared by the threads of a pool, and which of two errors is told."""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from threading import Event

LINES = ["1", "two", "3", "four"]


def is_prime(n):
    return all(n % d for d in range(2, int(n**0.5) + 1))


# ANCHOR: share
def count_primes(limit):
    with ThreadPoolExecutor(3) as pool:
        return sum(pool.map(is_prime, range(2, limit)))
# ANCHOR_END: share


def first_error(pool):
    found_later = Event()

    def parse(line):
        # The second error comes before the first one.
        if line == "two":
            found_later.wait()
        try:
            return int(line)
        finally:
            if line == "four":
                found_later.set()

    try:
        list(pool.map(parse, LINES))
    except ValueError as error:
        return str(error).split(": ")[1]


if __name__ == "__main__":
    print(f"primes below 1000: {count_primes(1000)}")
    with ThreadPoolExecutor(2) as pool:
        print(f"Executor.map tells of {first_error(pool)}")
    with ThreadPool(2) as pool:
        print(f"Pool.map tells of     {first_error(pool)}")
