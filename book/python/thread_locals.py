import threading
from concurrent.futures import ThreadPoolExecutor

# ANCHOR: local
mine = threading.local()
mine.count = 100


def count():
    try:
        mine.count += 1
    except AttributeError as error:
        print("the worker:", error)


worker = threading.Thread(target=count)
worker.start()
worker.join()
print("main still has", mine.count)
# ANCHOR_END: local


# ANCHOR: pool
def greet(name):
    if name:
        mine.user = name
    return "hello " + mine.user


with ThreadPoolExecutor(max_workers=1) as pool:
    print(list(pool.map(greet, ["Ann", ""])))
# ANCHOR_END: pool
