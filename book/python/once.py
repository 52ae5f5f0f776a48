import functools
import threading

both_are_inside = threading.Barrier(2)
made = []


# ANCHOR: cache
@functools.cache
def table():
    both_are_inside.wait()  # Both make it.
    made.append("a table")
    return [2, 3, 5, 7]
# ANCHOR_END: cache


# ANCHOR: once
lock = threading.Lock()
the_table = None


def get_table():
    global the_table
    with lock:
        if the_table is None:
            made.append("a table")
            the_table = [2, 3, 5, 7]
        return the_table
# ANCHOR_END: once


def ask(get):
    made.clear()
    threads = [threading.Thread(target=get) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(made)


print("functools.cache, two threads: made", ask(table), "times")
print("look and make under one lock: made", ask(get_table), "time")
