import threading
from concurrent.futures import ThreadPoolExecutor

orders = ["12", "ten", "30"]

# ANCHOR: lost
threading.excepthook = lambda args: print("  the hook:", args.exc_value)

threads = [threading.Thread(target=int, args=(order,)) for order in orders]
for thread in threads:
    thread.start()
print("join returned", [thread.join() for thread in threads])
# ANCHOR_END: lost

# ANCHOR: kept
with ThreadPoolExecutor() as pool:
    futures = [pool.submit(int, order) for order in orders]
for order, future in zip(orders, futures):
    error = future.exception()
    print(order, "failed" if error else f"printed {future.result()} sheets")
# ANCHOR_END: kept
