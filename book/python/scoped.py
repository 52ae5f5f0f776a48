from concurrent.futures import ThreadPoolExecutor
import threading

numbers = [1, 2, 3, 4]

# ANCHOR: halves
with ThreadPoolExecutor() as pool:
    left = pool.submit(sum, numbers[:2])
    right = pool.submit(sum, numbers[2:])
print(left.result() + right.result())
# ANCHOR_END: halves

# ANCHOR: changed
changed = threading.Event()


def late_sum():
    changed.wait()
    print("the thread adds up", numbers)


thread = threading.Thread(target=late_sum)
thread.start()
numbers.clear()
changed.set()
thread.join()
# ANCHOR_END: changed
