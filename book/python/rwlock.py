import threading


# ANCHOR: lock
class ReadWriteLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0

    def acquire_read(self):
        with self.changed:
            self.readers += 1

    def release_read(self):
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    def acquire_write(self):
        self.changed.acquire()
        self.changed.wait_for(lambda: self.readers == 0)

    def release_write(self):
        self.changed.release()
# ANCHOR_END: lock


READERS = 4
lock = ReadWriteLock()
version = 1
all_inside = threading.Barrier(READERS)
seen = []


def read():
    lock.acquire_read()
    all_inside.wait()  # Opens when all four are inside.
    seen.append(version)
    lock.release_read()


def write():
    global version
    lock.acquire_write()
    version += 1
    lock.release_write()


readers = [threading.Thread(target=read) for _ in range(READERS)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
writer = threading.Thread(target=write)
writer.start()
writer.join()
print("four readers were inside together and saw", seen)
print("then a writer alone made it", version)
