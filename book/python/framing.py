"""What a Connection writes into its pipe, and what it says of a message too long."""

import multiprocessing
import os


# ANCHOR: frame
def on_the_wire(messages):
    reader, writer = multiprocessing.Pipe(duplex=False)
    for message in messages:
        writer.send_bytes(message)
    return os.read(reader.fileno(), 64)
# ANCHOR_END: frame


def with_limit(limit):
    reader, writer = multiprocessing.Pipe(duplex=False)
    writer.send_bytes(b"message")
    try:
        return reader.recv_bytes(limit)
    except OSError as error:
        return error


def after_a_part():
    reader, writer = multiprocessing.Pipe(duplex=False)
    os.write(writer.fileno(), b"\0\0\3\350ten bytes.")
    writer.close()
    try:
        return reader.recv_bytes()
    except (EOFError, OSError) as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    print(on_the_wire([b"left", b"", b"right"]))
    print("limit 7:", with_limit(7))
    print("limit 6:", with_limit(6))
    print("cut off:", after_a_part())
