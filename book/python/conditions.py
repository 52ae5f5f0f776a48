import threading

# ANCHOR: mailbox
letter = None
changed = threading.Condition()


def put(new):
    global letter
    with changed:
        changed.wait_for(lambda: letter is None)
        letter = new
        changed.notify_all()


def take():
    global letter
    with changed:
        changed.wait_for(lambda: letter is not None)
        taken, letter = letter, None
        changed.notify_all()
        return taken
# ANCHOR_END: mailbox


def write():
    for number in range(1, 4):
        put(f"letter {number}")


writer = threading.Thread(target=write)
writer.start()
for _ in range(3):
    print("took", take())
writer.join()

# ANCHOR: notify
try:
    changed.notify()
except RuntimeError as error:
    print("notify without the lock:", error)
# ANCHOR_END: notify
