"""Runs a program in a pseudo terminal, types at it, and prints what a person would have seen as one JSON document.

Reads from stdin {"command": […], "env": {…}, "directory": "…", "columns": N, "keys": [["PATTERN", "KEYS"], …]}: each
KEYS is typed once PATTERN stands in what came since the keys before. Nothing but the standard library.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SECONDS = 120
ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def main():
    asked = json.load(sys.stdin)
    child, terminal = pty.fork()
    if child == 0:
        size = struct.pack("HHHH", 40, asked["columns"], 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.chdir(asked["directory"])
        os.execve(asked["command"][0], asked["command"], asked["env"])
    try:
        raw, typed_at = follow(terminal, asked["keys"])
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    _, status = os.waitpid(child, 0)
    told = {
        "code": os.waitstatus_to_exitcode(status),
        "raw": raw,
        "screen": screen(raw, asked["columns"]),
        "after_keys_ms": int((time.monotonic() - typed_at) * 1000),
    }
    json.dump(told, sys.stdout)


def follow(terminal, keys):
    """Everything that was written until the program closed its terminal, and when the last keys were typed."""
    raw, seen, keys = b"", 0, list(keys)
    started = typed_at = time.monotonic()
    while True:
        if time.monotonic() - started > SECONDS:
            sys.exit(f"it did not end:\n{raw.decode(errors='replace')}")
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:
            break
        if not piece:
            break
        raw += piece
        while keys and (found := re.search(keys[0][0].encode(), raw[seen:])):
            seen += found.end()
            os.write(terminal, keys.pop(0)[1].encode())
            typed_at = time.monotonic()
    if keys:
        sys.exit(f"{keys[0][0]!r} never came:\n{raw.decode(errors='replace')}")
    return raw.decode(errors="replace"), typed_at


def screen(text, columns):
    """What stands on the screen at the end; lines that were scrolled away too."""
    rows, row, column, at = [""], 0, 0, 0
    while at < len(text):
        escape = ESCAPE.match(text, at)
        if escape:
            at = escape.end()
            number, command = escape.groups()
            count = int(number) if number.isdigit() else 1
            if command == "A":
                row = max(row - count, 0)
            elif command == "B":
                row += count
            elif command == "G":
                column = count - 1
            elif command == "K":
                rows[row] = "" if number == "2" else rows[row][:column]
            elif command == "J":
                rows[row] = rows[row][:column]
                del rows[row + 1 :]
        else:
            sign, at = text[at], at + 1
            if sign == "\r":
                column = 0
            elif sign == "\n":
                row += 1
            elif sign == "\b":
                column = max(column - 1, 0)
            elif sign >= " ":
                if column == columns:
                    row, column = row + 1, 0
                rows.extend([""] * (row + 1 - len(rows)))
                line = rows[row].ljust(column)
                rows[row] = line[:column] + sign + line[column + 1 :]
                column += 1
        rows.extend([""] * (row + 1 - len(rows)))
    return [line.rstrip() for line in rows]


if __name__ == "__main__":
    main()
