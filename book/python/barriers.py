import threading

WORKERS = 3
finished = 0


def all_are_here():
    print("the action: all are here")


# ANCHOR: step
barrier = threading.Barrier(WORKERS, action=all_are_here, timeout=15)


def work(rounds):
    for _ in range(rounds):
        finish_a_part()
        barrier.wait()
        assert finished % WORKERS == 0
        barrier.wait()
# ANCHOR_END: step


lock = threading.Lock()


def finish_a_part():
    global finished
    with lock:
        finished += 1


threads = [threading.Thread(target=work, args=(1,)) for _ in range(WORKERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# ANCHOR: broken
try:
    barrier.wait(timeout=0.01)
except threading.BrokenBarrierError:
    print("one of three: BrokenBarrierError")
print("broken:", barrier.broken)
barrier.reset()
print("after reset:", barrier.broken)
# ANCHOR_END: broken
