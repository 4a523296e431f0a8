"""Runs a program in a terminal of its own, types something, and tells what was to be seen.

in_terminal.py COLUMNS ROWS TEXT KEYS PROGRAM [ARGUMENT ...]

KEYS are typed once TEXT has appeared; empty ones are not. Prints a JSON object: the output, the
exit status, and whether the terminal echoes when all is over.
"""

import codecs
import fcntl
import json
import os
import pty
import signal
import struct
import sys
import termios


def main():
    columns, rows = int(sys.argv[1]), int(sys.argv[2])
    text, keys = sys.argv[3].encode(), codecs.decode(sys.argv[4], "unicode_escape").encode()
    # Not for ever.
    signal.alarm(60)
    child, terminal = pty.fork()
    if child == 0:
        # The parent sets the size before it lets the program begin.
        sys.stdin.readline()
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.argv[5], sys.argv[5:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.write(terminal, b"\n")
    output = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
        if keys and text in output:
            os.write(terminal, keys)
            keys = b""
    _, status = os.waitpid(child, 0)
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
    print(
        json.dumps(
            {
                "output": output.decode(errors="replace"),
                "status": os.waitstatus_to_exitcode(status),
                "echoes": echoes,
            }
        )
    )


main()
