import threading


# ANCHOR: account
class Account:
    def __init__(self, lock):
        self.lock = lock
        self.balance = 100

    def pay(self, amount):
        with self.lock:
            if self.can_pay(amount):
                self.balance -= amount

    def can_pay(self, amount):
        # A time limit, for else a plain lock would wait here for ever.
        if not self.lock.acquire(timeout=0.05):
            raise RuntimeError("waited for a lock that I hold")
        try:
            return self.balance >= amount
        finally:
            self.lock.release()
# ANCHOR_END: account


for name, lock in ("Lock", threading.Lock()), ("RLock", threading.RLock()):
    account = Account(lock)
    try:
        account.pay(30)
        print(f"{name}: {account.balance} are left")
    except RuntimeError as error:
        print(f"{name}: {error}")
