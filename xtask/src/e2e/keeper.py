"""Runs a command until it ends or standard input does, and leaves nothing of it behind.

Whoever started this may die in any way: the operating system closes the pipe for it.
"""

import os
import signal
import subprocess
import sys
import threading

PATIENCE_S = 10


def end(group: int, command: subprocess.Popen) -> None:
    """Asks the whole group to go, and makes it go."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, how)
        except ProcessLookupError:
            return
        try:
            command.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            pass


def main() -> int:
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    # An interrupt from the keyboard reaches everybody; the end of the input follows it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: end(command.pid, command))

    def watch() -> None:
        sys.stdin.buffer.read()
        end(command.pid, command)

    threading.Thread(target=watch, daemon=True).start()
    code = command.wait()
    end(command.pid, command)
    return code


if __name__ == "__main__":
    sys.exit(main())
