import threading

# ANCHOR: repeat
AN_HOUR = 3600
stop = threading.Event()
first_turn = threading.Event()


def repeat():
    while True:
        first_turn.set()  # Stands for work.
        if stop.wait(AN_HOUR):  # A pause that ends early.
            break
# ANCHOR_END: repeat


# ANCHOR: ask
thread = threading.Thread(target=repeat)
thread.start()
first_turn.wait()
print("join(0.01) returns", thread.join(0.01), "and it lives:", thread.is_alive())

stop.set()
print("join() returns    ", thread.join(), "and it lives:", thread.is_alive())
# ANCHOR_END: ask
