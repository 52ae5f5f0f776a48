import queue
import threading
import time

# ANCHOR: tagged
inbox = queue.Queue()


def work(number):
    inbox.put(("done", number))


def collect(jobs, limit):
    deadline = time.monotonic() + limit
    done = []
    while len(done) < jobs:
        try:
            left = max(0, deadline - time.monotonic())
            kind, number = inbox.get(timeout=left)
        except queue.Empty:
            break
        if kind == "stop":
            break
        done.append(number)
    return done
# ANCHOR_END: tagged


workers = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for worker in workers:
    worker.start()
print("done:", sorted(collect(3, limit=15)))
for worker in workers:
    worker.join()

inbox.put(("stop", 0))
print("after a stop:", collect(3, limit=15))
print("after the limit:", collect(3, limit=0.01))
