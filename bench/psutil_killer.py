#!/usr/bin/python3
"""Ends processes the way scripts with psutil do: psutil_killer.py PATTERN PID...

Looks over all processes for the pattern, ends those found that are also among the pids, waits for them,
and prints the microseconds from the decision to the last one's end.
"""
import sys
import time

import psutil

pattern = sys.argv[1]
allowed = {int(text) for text in sys.argv[2:]}
found = [process for process in psutil.process_iter(["pid", "cmdline"])
         if process.info["pid"] in allowed and pattern in " ".join(process.info["cmdline"] or [])]
decided = time.monotonic()
for process in found:
    process.terminate()
_, alive = psutil.wait_procs(found, timeout=30)
print((time.monotonic() - decided) * 1e6)
sys.exit(1 if alive or len(found) != len(allowed) else 0)
