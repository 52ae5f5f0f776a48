import threading
import time

LIMIT = 60_000


# ANCHOR: share
def count_primes(numbers):
    return sum(all(number % divisor for divisor in range(2, int(number ** 0.5) + 1))
               for number in numbers)


def time_with(threads):
    shares = [range(3 + 2 * first, LIMIT, 2 * threads) for first in range(threads)]
    workers = [threading.Thread(target=count_primes, args=(share,)) for share in shares]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started
# ANCHOR_END: share


best = {threads: min(time_with(threads) for _ in range(5)) for threads in (1, 2)}
for threads, seconds in best.items():
    print(f"threads: {threads}  {seconds * 1000:.0f} ms  {best[1] / seconds:.2f}×")
