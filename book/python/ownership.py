import threading


def run_all(tasks):
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ANCHOR: loop
seen = []
run_all([lambda: seen.append(turn * 10)
         for turn in range(1, 4)])
print("each sees the variable:", seen)

seen.clear()
run_all([lambda own=turn: seen.append(own * 10)
         for turn in range(1, 4)])
print("each has its own value:", sorted(seen))
# ANCHOR_END: loop
