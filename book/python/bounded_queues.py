import queue
import threading

# ANCHOR: bounded
jobs = queue.Queue(maxsize=4)


def produce():
    for job in range(32):
        jobs.put(job)
    jobs.put(None)


def consume():
    for job in iter(jobs.get, None):
        longest.append(jobs.qsize())
# ANCHOR_END: bounded


longest = []
producer = threading.Thread(target=produce)
producer.start()
consume()
producer.join()
print("jobs done:", len(longest))
print("never more than 4 waited:", max(longest) <= 4)

# ANCHOR: zero
no_limit = queue.Queue(maxsize=0)
for item in range(1000):
    no_limit.put_nowait(item)
print("Queue(0) holds", no_limit.qsize())

full = queue.Queue(maxsize=1)
full.put("soup")
try:
    full.put("salad", timeout=0.01)
except queue.Full:
    print("Queue(1) with a soup in it: Full")
# ANCHOR_END: zero
