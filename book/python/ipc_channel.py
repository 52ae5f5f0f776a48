"""Connections: any object, several at once, and an end."""

from multiprocessing import Pipe
from multiprocessing.connection import wait


# ANCHOR: select
def all_messages(readers):
    readers = dict(readers)
    while readers:
        for reader in wait(list(readers)):
            try:
                print(readers[reader], "sends", reader.recv())
            except EOFError:
                print(readers.pop(reader), "has gone")
# ANCHOR_END: select


if __name__ == "__main__":
    one, to_one = Pipe(duplex=False)
    two, to_two = Pipe(duplex=False)
    to_one.send(("counted", 1229))
    to_two.send({"anything": ["goes"]})
    to_one.close()
    to_two.close()
    all_messages({one: "one", two: "two"}.items())
