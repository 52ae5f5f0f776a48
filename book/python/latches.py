import threading


# ANCHOR: latch
class Latch:
    def __init__(self, count):
        self.remaining = count
        self.opened = threading.Condition()

    def count_down(self):
        with self.opened:
            self.remaining = max(0, self.remaining - 1)
            if self.remaining == 0:
                self.opened.notify_all()

    def wait(self):
        with self.opened:
            self.opened.wait_for(lambda: self.remaining == 0)
# ANCHOR_END: latch


RUNNERS = 4
finish = Latch(RUNNERS)
arrived = []


def run(number):
    arrived.append(number)
    finish.count_down()


threads = [threading.Thread(target=run, args=(n,)) for n in range(RUNNERS)]
for thread in threads:
    thread.start()
finish.wait()
print("all runners have arrived:", sorted(arrived))
finish.wait()
print("the latch stays open")
for thread in threads:
    thread.join()
