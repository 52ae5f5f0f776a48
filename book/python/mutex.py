import threading

# ANCHOR: transfer
lock = threading.Lock()
accounts = [100, 100, 100]


def transfer(payer, payee, amount, pause):
    with lock:
        accounts[payer] -= amount
        pause()  # Right now the sum is too small.
        accounts[payee] += amount
# ANCHOR_END: transfer


half_way, looked = threading.Event(), threading.Event()


def pause():
    half_way.set()
    looked.wait()


teller = threading.Thread(target=transfer, args=(0, 1, 10, pause))
teller.start()
half_way.wait()
print("without the lock, in the middle:", sum(accounts))
looked.set()
with lock:
    print("with the lock:", sum(accounts))
teller.join()
