import queue
import threading

END = object()
CAPACITY = 2


def read(lines, blocks):
    for line in lines:
        blocks.put(line)
    blocks.put(END)


# ANCHOR: count
def count(blocks, counts):
    for block in iter(blocks.get, END):
        counts.put(len(block))
    counts.put(END)
# ANCHOR_END: count


def run_stages(lines):
    blocks = queue.Queue(maxsize=CAPACITY)
    counts = queue.Queue(maxsize=CAPACITY)
    stages = [
        threading.Thread(target=read, args=(lines, blocks)),
        threading.Thread(target=count, args=(blocks, counts)),
    ]
    for stage in stages:
        stage.start()
    total = sum(iter(counts.get, END))
    for stage in stages:
        stage.join()
    return total


print("characters:", run_stages(["one", "two", "three", "four"]))
