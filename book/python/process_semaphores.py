import multiprocessing


# ANCHOR: work
def work(permits, inside, peak):
    with permits:
        with inside.get_lock():
            inside.value += 1
            peak.value = max(peak.value, inside.value)
        with inside.get_lock():
            inside.value -= 1
# ANCHOR_END: work


if __name__ == "__main__":
    permits = multiprocessing.Semaphore(3)
    inside = multiprocessing.Value("i", 0)
    peak = multiprocessing.Value("i", 0, lock=False)
    workers = [
        multiprocessing.Process(target=work, args=(permits, inside, peak))
        for _ in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("never more than 3 inside:", peak.value <= 3)

    # ANCHOR: twice
    permits.release()
    print("permits after one release too many:", permits.get_value())
    bounded = multiprocessing.BoundedSemaphore(3)
    try:
        bounded.release()
    except ValueError as error:
        print("bounded:", error)
    # ANCHOR_END: twice
