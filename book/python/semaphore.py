import threading

# ANCHOR: limit
PERMITS = 3
semaphore = threading.Semaphore(PERMITS)
entered = threading.Barrier(PERMITS)


def worker():
    with semaphore:
        entered.wait()  # Opens when three are inside.
# ANCHOR_END: limit


threads = [threading.Thread(target=worker) for _ in range(9)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("nine workers went through, three at a time")

# ANCHOR: release
plain = threading.Semaphore(2)
plain.release()
taken = 0
while plain.acquire(blocking=False):
    taken += 1
print(f"Semaphore(2) after a release too many: {taken} permits")

bounded = threading.BoundedSemaphore(2)
try:
    bounded.release()
except ValueError as error:
    print("BoundedSemaphore(2):", error)
# ANCHOR_END: release
