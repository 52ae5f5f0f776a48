import concurrent.futures
import multiprocessing
import os
import signal


def nth_prime(number):
    primes = []
    candidate = 2
    while len(primes) < number:
        if all(candidate % prime for prime in primes):
            primes.append(candidate)
        candidate += 1
    return primes[-1]


def job(number):
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return nth_prime(number)


# ANCHOR: map
def first_primes(count):
    with multiprocessing.Pool(3) as pool:
        return pool.map(nth_prime, range(1, count + 1))
# ANCHOR_END: map


if __name__ == "__main__":
    print(first_primes(8))

    # ANCHOR: killed
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        futures = [pool.submit(job, number) for number in (5, 6, 7, 8)]
        concurrent.futures.wait(futures)
        lost = [type(future.exception()).__name__ for future in futures]
    print("one of four jobs killed its worker;", len(lost), "ended with", *set(lost))
    # ANCHOR_END: killed

    with multiprocessing.Pool(3) as pool:
        result = pool.map_async(job, range(1, 9))
        result.wait(timeout=1)
        print("multiprocessing.Pool, a second later: ready", result.ready())
