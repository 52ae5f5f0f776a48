import multiprocessing


# ANCHOR: update
def add(numbers, lock, times):
    for _ in range(times):
        with lock:
            numbers["count"] += 1
# ANCHOR_END: update


if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        numbers = manager.dict(count=0)
        lock = manager.Lock()
        clients = [
            multiprocessing.Process(target=add, args=(numbers, lock, 100))
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        print("with a lock:", numbers["count"])

        # ANCHOR: nested
        people = manager.dict(ada=[])
        people["ada"].append("a letter")
        print("a list in a dict:", people["ada"])
        # ANCHOR_END: nested
