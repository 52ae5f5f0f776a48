"""A child that answers in capitals: with little to say, and with much."""

import subprocess
import sys

SHOUT = "import sys\nfor line in sys.stdin: print(line.upper(), end='')"


def child():
    return subprocess.Popen(
        [sys.executable, "-c", SHOUT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# ANCHOR: both
def both_ways(text):
    with child() as process:
        # Writes in one thread and reads in another, or hands out what is ready.
        answer, _ = process.communicate(text)
    return answer
# ANCHOR_END: both


if __name__ == "__main__":
    print(both_ways("abc\n"), end="")
    print(len(both_ways("abc\n" * (1 << 18))), "bytes came back")
    with child() as process:
        process.stdin.write("first\n")
        process.stdin.flush()
        # To read here would wait for ever: the child has not flushed what it printed.
        process.stdin.close()
        print(process.stdout.read(), end="")
