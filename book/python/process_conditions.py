import multiprocessing


# ANCHOR: mailbox
def put(changed, letter, value):
    with changed:
        changed.wait_for(lambda: letter.value == 0)
        letter.value = value
        changed.notify_all()


def take(changed, letter):
    with changed:
        changed.wait_for(lambda: letter.value != 0)
        value, letter.value = letter.value, 0
        changed.notify_all()
        return value
# ANCHOR_END: mailbox


def write(changed, letter):
    for value in range(1, 4):
        put(changed, letter, value)


if __name__ == "__main__":
    changed = multiprocessing.Condition()
    letter = multiprocessing.Value("i", 0, lock=False)
    writer = multiprocessing.Process(target=write, args=(changed, letter))
    writer.start()
    print("took", *(take(changed, letter) for _ in range(3)))
    writer.join()

    # ANCHOR: without
    try:
        changed.notify()
    except AssertionError as error:
        print("without the lock:", error)
    # ANCHOR_END: without
