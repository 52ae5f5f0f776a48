import threading

# ANCHOR: fails
lock = threading.Lock()
accounts = [100, 100]


def fail_halfway():
    with lock:
        accounts[0] -= 50
        raise RuntimeError("the printer is on fire")
# ANCHOR_END: fails


def tell(failure):
    print(f"[{failure.thread.name}] {failure.exc_value}")


threading.excepthook = tell
teller = threading.Thread(target=fail_halfway, name="teller")
teller.start()
teller.join()
with lock:
    print("the next one locks as if nothing were:", accounts)
