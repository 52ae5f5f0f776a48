"""What a child finds in its environment."""

import os
import subprocess
import sys

FIND = "import os, sys; print(os.environ.get('GREETING'), sys.argv[1:])"


# ANCHOR: ask
def ask(arguments=(), **given):
    command = [sys.executable, "-c", FIND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, **given).stdout.strip()


def greeted():
    return ask(env={**os.environ, "GREETING": "hello"})
# ANCHOR_END: ask


if __name__ == "__main__":
    print("not set:    ", ask())
    print("for a child:", greeted())
    os.environ["GREETING"] = "hi"
    print("for all:    ", ask())
    print("arguments:  ", ask(["two words", "$HOME", "*.rs", ""]))
    with open(__file__) as file:
        print("an open file is inherited:", os.get_inheritable(file.fileno()))
