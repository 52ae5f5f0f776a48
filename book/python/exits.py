"""How a child ended, as Python tells it."""

import subprocess
import sys

ENDINGS = [
    ("returns", "pass"),
    ("sys.exit(3)", "import sys; sys.exit(3)"),
    ("sys.exit(256)", "import sys; sys.exit(256)"),
    ("sys.exit(-1)", "import sys; sys.exit(-1)"),
    ("sys.exit('no')", "import sys; sys.exit('no')"),
    ("raises", "raise ValueError"),
    ("aborts", "import os; os.abort()"),
    ("is killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
]


# ANCHOR: ending
def ending(code):
    status = subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode
    return f"exit code {status}" if status >= 0 else f"signal {-status}"
# ANCHOR_END: ending


if __name__ == "__main__":
    for name, code in ENDINGS:
        print(f"{name:15} {ending(code)}")
    try:
        subprocess.run(["no-such-program"])
    except FileNotFoundError as error:
        print(f"is not there    {error.strerror}")
