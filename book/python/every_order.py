from itertools import permutations


# ANCHOR: thread
def add_one(shared):
    seen = shared["counter"]
    yield  # Here the other one may go on.
    shared["counter"] = seen + 1
    yield
# ANCHOR_END: thread


# ANCHOR: checker
def run(order):
    shared = {"counter": 0}
    threads = {name: add_one(shared) for name in ("one", "two")}
    for name in order:
        next(threads[name])
    return shared["counter"]


steps = ["one", "one", "two", "two"]
for order in sorted(set(permutations(steps))):
    print(", ".join(order) + ":", run(order))
# ANCHOR_END: checker
