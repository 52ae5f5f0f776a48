import queue
import threading

CONSUMERS = 2

# ANCHOR: pills
jobs = queue.Queue()
done = []


def consume():
    while True:
        job = jobs.get()
        if job is None:
            return
        done.append(job)


def shut_down():
    for _ in range(CONSUMERS):
        jobs.put(None)
# ANCHOR_END: pills


consumers = [threading.Thread(target=consume) for _ in range(CONSUMERS)]
for consumer in consumers:
    consumer.start()
for job in range(5):
    jobs.put(job)
shut_down()
for consumer in consumers:
    consumer.join()
print(f"{len(done)} of 5 jobs done, {CONSUMERS} pills taken")

# ANCHOR: done
tasks = queue.Queue()
tasks.put("a job")
tasks.get()
print("in the queue:", tasks.qsize(), "unfinished:", tasks.unfinished_tasks)
tasks.task_done()
tasks.join()
try:
    tasks.task_done()
except ValueError as error:
    print("a second time:", error)
# ANCHOR_END: done
