import multiprocessing

TELLERS = 4
TRANSFERS = 4


# ANCHOR: transfer
def transfer(accounts, lock, source, target, amount):
    with lock:
        accounts[source] -= amount
        accounts[target] += amount
# ANCHOR_END: transfer


def tell(number, accounts, lock):
    for round in range(TRANSFERS):
        source = (number + round) % len(accounts)
        transfer(accounts, lock, source, (source + 1) % len(accounts), 10)


if __name__ == "__main__":
    lock = multiprocessing.Lock()
    accounts = multiprocessing.Array("q", [100, 100, 100], lock=False)
    tellers = [
        multiprocessing.Process(target=tell, args=(number, accounts, lock))
        for number in range(TELLERS)
    ]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    print("with the lock:", list(accounts))

    # Nothing ties the data to the lock.
    accounts[0] -= 10
    print("without it:   ", list(accounts))
