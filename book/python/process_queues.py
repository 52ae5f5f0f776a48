import multiprocessing


# ANCHOR: consume
def consume(items, results):
    taken = 0
    while items.get() is not None:
        taken += 1
    results.put(taken)
# ANCHOR_END: consume


if __name__ == "__main__":
    items = multiprocessing.Queue(maxsize=4)
    results = multiprocessing.Queue()
    consumers = [
        multiprocessing.Process(target=consume, args=(items, results))
        for _ in range(2)
    ]
    for consumer in consumers:
        consumer.start()
    for number in range(30):
        items.put(number)
    # One end for each of them: a queue between processes cannot be closed for all.
    for _ in consumers:
        items.put(None)
    print("taken:", sum(results.get() for _ in consumers))
    for consumer in consumers:
        consumer.join()

    tasks = multiprocessing.JoinableQueue()
    try:
        tasks.task_done()
    except ValueError as error:
        print("task_done:", error)
