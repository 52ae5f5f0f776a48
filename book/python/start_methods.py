"""The same child by three start methods: what does it find?"""

import multiprocessing

visitors = 0


# ANCHOR: find
def find(answer):
    answer.send(visitors)


def found_by(method):
    context = multiprocessing.get_context(method)
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=find, args=(writer,))
    child.start()
    child.join()
    return reader.recv()
# ANCHOR_END: find


if __name__ == "__main__":
    visitors = 7
    for method in ("fork", "forkserver", "spawn"):
        print(f"{method:10} finds {found_by(method)}")
