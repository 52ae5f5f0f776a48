import threading

locks = [threading.Lock(), threading.Lock()]
both_hold = threading.Barrier(2)
both_have_tried = threading.Barrier(2)
got_both = {}


# ANCHOR: two_orders
def payer_first(payer, payee):
    with locks[payer]:
        both_hold.wait()  # Forces bad luck.
        # Without a time limit it would wait for ever.
        got_both[payer] = locks[payee].acquire(timeout=0.05)
        both_have_tried.wait()
# ANCHOR_END: two_orders


# ANCHOR: one_order
def lower_first(payer, payee):
    with locks[min(payer, payee)], locks[max(payer, payee)]:
        pass  # Here the money moves.
# ANCHOR_END: one_order


def run(transfer):
    there = threading.Thread(target=transfer, args=(0, 1))
    back = threading.Thread(target=transfer, args=(1, 0))
    there.start()
    back.start()
    there.join()
    back.join()


run(payer_first)
for payer in sorted(got_both):
    print(f"payer {payer} got the second lock: {got_both[payer]}")
for _ in range(1000):
    run(lower_first)
print("lower number first: 1000 pairs of transfers came to an end")
