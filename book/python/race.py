import threading

# ANCHOR: race
counter = 0
both_have_read = threading.Barrier(2)


def add_one():
    global counter
    seen = counter
    both_have_read.wait()  # Forces bad luck.
    counter = seen + 1
# ANCHOR_END: race


lock = threading.Lock()


def add_one_locked():
    global counter
    with lock:
        counter += 1


def count(add):
    global counter
    counter = 0
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter


print("read, then write: 0 + 1 + 1 =", count(add_one))
print("under the lock:   0 + 1 + 1 =", count(add_one_locked))
