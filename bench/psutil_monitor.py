#!/usr/bin/python3
"""A monitor of the classic kind, to be measured beside ours: psutil_monitor.py PASSES [INTERVAL_SECONDS]

Each pass goes over all processes with psutil, joins their command lines, holds them against the seven
classic patterns and keeps what a check of CPU, memory and age needs. Without an
interval it never sleeps: what a pass costs does not depend on how often there is one.
"""
import re
import sys
import time

import psutil

PATTERNS = {
    "chrome-devtools": re.compile(r"chrome-devtools-mcp"),
    "duckduckgo": re.compile(r"duckduckgo-mcp"),
    "playwright": re.compile(r"playwright.*mcp"),
    "filesystem": re.compile(r"mcp-server-filesystem"),
    "supabase": re.compile(r"supabase.*mcp"),
    "sequential-thinking": re.compile(r"sequential-thinking"),
    "fetch": re.compile(r"mcp.*fetch"),
}
FIELDS = ["pid", "name", "cmdline", "cpu_percent", "memory_info", "create_time"]


def find_servers():
    servers = []
    for process in psutil.process_iter(FIELDS):
        line = " ".join(process.info["cmdline"] or [])
        for kind, pattern in PATTERNS.items():
            if pattern.search(line):
                memory = process.info["memory_info"]
                age = time.time() - process.info["create_time"]
                servers.append((kind, process.info["pid"], process.info["cpu_percent"], memory.rss, age))
                break
    return servers


interval = float(sys.argv[2]) if len(sys.argv) > 2 else 0
due = time.monotonic()
for _ in range(int(sys.argv[1])):
    found = find_servers()
    due = max(due + interval, time.monotonic()) if interval else due
    time.sleep(max(0, due - time.monotonic()))
