import threading


class Atomic:
    """Python has none: a lock around each operation makes it one step."""

    def __init__(self, value):
        self.value = value
        self.lock = threading.Lock()

    def load(self):
        with self.lock:
            return self.value

    # ANCHOR: exchange
    def compare_exchange(self, seen, new):
        with self.lock:
            if self.value == seen:
                self.value = new
                return True
            return False
    # ANCHOR_END: exchange


# ANCHOR: raise_to
def raise_to(maximum, value):
    seen = maximum.load()
    while seen < value:
        if maximum.compare_exchange(seen, value):
            return
        seen = maximum.load()
# ANCHOR_END: raise_to


maximum = Atomic(0)
threads = [
    threading.Thread(target=raise_to, args=(maximum, value))
    for value in (30, 75, 60, 90, 20)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("the highest of 30, 75, 60, 90 and 20 is", maximum.load())
