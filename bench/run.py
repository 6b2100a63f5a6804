#!/usr/bin/env python3
"""Measures mcp-reaper beside its peers, in one run, and prints Markdown tables.

    ./dev bench                    everything (or: bench/run.py, after building the preset "bench")
    bench/run.py --processes 1000  one size of host
    bench/run.py --only scan       or --only match, --only kill, --only daemon, --only guard

What counts is CPU time, user and system together, as wait4 tells it of the finished child: unlike the
time on the clock it depends little on what else the machine does. All programs take turns in each round,
so that what disturbs one disturbs all; the figures are medians of the rounds.

The hosts are grown by process_farm and gone when this program ends, whichever way it ends.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import standing

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, which python3-psutil is made for
PSUTIL_PASSES = 3
LIBRARY_PASSES = 9
FARM_OF_THE_DAEMON = 10000
SPAWNS_A_SECOND = 20


class Failure(Exception):
    """Something that is needed is not there, with what to do about it."""


class Programs:
    def __init__(self, build):
        self.reaper = self.find(build / "bin/mcp-reaper")
        self.farm = self.find(build / "bench/process_farm")
        self.scan_bench = self.find(build / "bench/scan_bench")
        self.classify_bench = self.find(build / "bench/classify_bench")
        self.collector_bench = self.find(build / "bench/collector_bench")
        self.kill_bench = self.find(build / "bench/kill_bench")
        self.guard_bench = self.find(build / "bench/guard_bench")
        self.guard = self.find(build / "bin/mcp-reaper-guard")

    @staticmethod
    def find(path):
        if not path.is_file():
            raise Failure(f"there is no {path}; build it first:\n"
                          "  cmake --preset bench && cmake --build --preset bench --target benchmarks")
        return str(path)


class Farm:
    """A host of so many processes, from `with` to its end."""

    def __init__(self, program, processes):
        self.command = [program, str(processes)]

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.child.stdout.readline().startswith("ready"):
            self.__exit__()
            raise Failure("the farm could not be grown")
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()


def processes_on_host():
    return sum(name.isdigit() for name in os.listdir("/proc"))


def cpu_seconds(command, may_return=(0,)):
    """User and system time of one run of `command`, its output thrown away."""
    null = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=null)
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in may_return:
        raise Failure(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime


def psutil_pass():
    """One pass of a monitor that runs: without its start, without the first pass, which fills its caches."""
    def run(passes):
        return cpu_seconds([PYTHON, str(HERE / "psutil_monitor.py"), str(passes)])
    return (run(1 + PSUTIL_PASSES) - run(1)) / PSUTIL_PASSES


def measure_host(programs, processes, rounds):
    """Microseconds of CPU time a process, by row; and what there was to be seen."""
    scan = [programs.reaper, "scan", "--dry-run", "--window", "0s", "--format", "json"]
    ways = {
        "`mcp-reaper scan --dry-run --window 0s --format json`": lambda: cpu_seconds(scan),
        "psutil monitor loop, one pass of it": psutil_pass,
        "`ps aux`": lambda: cpu_seconds(["ps", "aux"]),
        "`pgrep -f mcp`": lambda: cpu_seconds(["pgrep", "-f", "mcp"], may_return=(0, 1)),
    }
    with Farm(programs.farm, processes):
        seen = []
        times = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(way())
                seen.append(processes_on_host())
        library = json.loads(subprocess.run([programs.scan_bench, str(LIBRARY_PASSES)], check=True,
                                            stdout=subprocess.PIPE).stdout)
    on_host = statistics.median(seen)
    rows = {name: statistics.median(values) * 1e6 / on_host for name, values in times.items()}
    warm = library["read_us"] + library["assemble_us"] + library["evaluate_us"]
    rows["the same by library calls, policy loaded"] = warm / library["processes"]
    return {"rows": rows, "processes": on_host, "library": library}


def scan_tables(hosts):
    order = list(next(iter(hosts.values()))["rows"])
    order.insert(1, order.pop())  # Ours side by side.
    ours = order[0]
    sizes = list(hosts)
    lines = ["µs of CPU time a process (times ours):", "",
             "| | " + " | ".join(f"{size:,} processes" for size in sizes) + " |",
             "|---|" + "---:|" * len(sizes)]
    for name in order:
        cells = []
        for size in sizes:
            rows = hosts[size]["rows"]
            cells.append(f"{rows[name]:.1f} ({rows[name] / rows[ours]:.2f}×)")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "Where ours goes, library calls, µs a process:", "",
              "| | " + " | ".join(f"{size:,}" for size in sizes) + " |", "|---|" + "---:|" * len(sizes)]

    def steps(name, value):
        cells = [f"{value(hosts[s]['library']) / hosts[s]['library']['processes']:.2f}" for s in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    steps("process table (libproc2, `stat`)", lambda l: l["table_us"])
    steps("command lines, classifying, evidence about servers", lambda l: l["read_us"] - l["table_us"])
    steps("grouping into servers (`assemble`)", lambda l: l["assemble_us"])
    steps("judging them (`evaluate`)", lambda l: l["evaluate_us"])
    seen = ", ".join(f"{hosts[s]['library']['servers']:,} servers among {hosts[s]['library']['processes']:,}"
                     for s in sizes)
    return lines + ["", f"Seen at the last pass: {seen} processes (the farm's and this machine's own)."]


def run_classify_bench(programs, repetitions):
    """Median nanoseconds a text by benchmark name."""
    command = [programs.classify_bench, "--benchmark_format=json", "--benchmark_min_time=0.05",
               f"--benchmark_repetitions={repetitions}", "--benchmark_report_aggregates_only=true"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    scale = {"ns": 1, "us": 1e3, "ms": 1e6}
    return {run["run_name"]: run["cpu_time"] * scale[run["time_unit"]]
            for run in json.loads(output)["benchmarks"] if run.get("aggregate_name") == "median"}


def nanoseconds(value):
    return f"{value:,.0f}" if value < 1e6 else f"{value / 1e6:,.1f} ms"


def match_tables(times):
    counts = ["7", "50", "50*", "500"]
    names = {"slot": "an ordinary program slot", "line": "an ordinary whole line",
             "hostile slot": "4 KiB of beginnings of the patterns"}
    lines = ["ns a text:", "", "| | " + " | ".join(f"{n} patterns".replace("*", r"\*") for n in counts) + " |",
             "|---|" + "---:|" * len(counts)]
    for group, what in names.items():
        for who in ["ours", "RE2::Set", "RE2", "std::regex"]:
            label = {"ours": "**ours**", "RE2": "RE2, one by one", "std::regex": "std::regex, one by one"}.get(who, who)
            cells = [nanoseconds(times[f"{group}/{who}/{n}"]) for n in counts]
            lines.append(f"| {what}: {label} | " + " | ".join(cells) + " |")
    lines += ["", "Ours, a whole hostile line of 4 KiB taken apart and classified, µs:", "",
              "| | " + " | ".join(f"{n} patterns".replace("*", r"\*") for n in counts) + " |", "|---|" + "---:|" * len(counts)]
    prefix = f"hostile line/{counts[0]}/"
    for kind in [name[len(prefix):] for name in times if name.startswith(prefix)]:
        cells = [f"{times[f'hostile line/{n}/{kind}'] / 1e3:,.1f}" for n in counts]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return lines


def run_collector_bench(programs, interval_ms):
    command = [programs.collector_bench, str(max(40000 // interval_ms, 10)), str(interval_ms), str(SPAWNS_A_SECOND)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def tick_tables(results):
    lines = ["A tick, ms of CPU time, and what that is of a core (collector_bench):", "",
             "| | " + " | ".join(f"every {r['interval_ms'] // 1000} s" for r in results) + " |",
             "|---|" + "---:|" * len(results)]
    for name in ["connector", "readdir", "full_scan"]:
        cells = [f"{r[name]['tick_ms']:.1f} ({r[name]['core_percent']:.2f} %)" for r in results]
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    seen = results[0]["connector"]
    return lines + ["", f"{seen['servers']:,} servers among {seen['processes']:,} processes, {seen['in_sample']:,} of them "
                    "followed."]


def run_kill_bench(programs, servers, rounds):
    command = [programs.kill_bench, str(servers), str(rounds), programs.reaper, str(HERE / "psutil_killer.py")]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    if run.returncode != 0:
        raise Failure(f"{' '.join(command)} failed")
    return json.loads(run.stdout)


def kill_tables(programs, rounds):
    """Time on the clock, which is what counts here: most of it is waiting, for the disk and for others."""
    sizes = {1: 5 * rounds, 20: 2 * rounds, 200: rounds}
    results = {size: run_kill_bench(programs, size, times) for size, times in sizes.items()}
    lines = ["ms from the decision (of a command: from its start) to the last one gone, median and 95th of 100 "
             "(times ours):", "",
             "| | " + " | ".join(f"{size} server{'s' if size > 1 else ''}" for size in sizes) + " |",
             "|---|" + "---:|" * len(sizes)]
    for name in results[1]["ways"]:
        cells = []
        for size in sizes:
            way, ours = results[size]["ways"].get(name), results[size]["ways"]["ours"]
            cells.append("" if way is None else f"{way['wall_p50_us'] / 1e3:.2f}, {way['wall_p95_us'] / 1e3:.2f} "
                         f"({way['wall_p50_us'] / ours['wall_p50_us']:.2f}×)")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "As they say themselves (`Outcome::took` of each server; psutil from its decision on), and CPU time:", "",
              "| | " + " | ".join(str(size) for size in sizes) + " |", "|---|" + "---:|" * len(sizes)]
    for name in ["ours", "psutil"]:
        cells = [f"{results[s]['ways'][name]['each_p50_us'] / 1e3:.2f}, {results[s]['ways'][name]['each_p95_us'] / 1e3:.2f}"
                 for s in sizes]
        lines.append(f"| {name}, ms | " + " | ".join(cells) + " |")
    for name in ["ours", "kill(2)", "mcp-reaper kill", "pgrep and kill", "psutil"]:
        cells = []
        for size in sizes:
            way = results[size]["ways"].get(name)
            cells.append("" if way is None else f"{way['cpu_p50_us'] / 1e3:.2f} "
                         f"({100 * way['cpu_p50_us'] / way['wall_p50_us']:.0f} % of the time)")
        lines.append(f"| {name}, ms of CPU | " + " | ".join(cells) + " |")
    rates = results[200]["signals_per_second"]
    return lines + ["", f"Signals a second: {rates['verified']:,.0f} through a pidfd opened and verified for each, "
                    f"{rates['held']:,.0f} through pidfds that are held, {rates['by_number']:,.0f} by kill(2)."]


def guard_ways(programs):
    """What stands between a client and its server. Nothing on npm does this job over stdio on both sides."""
    ways = {"direct": [], "guard": [programs.guard, "--"]}
    if shutil.which("node"):
        ways["relay in node"] = ["node", str(HERE / "node_relay.mjs")]
    return ways


def guard_figure(programs, words, way, server, rounds, best):
    """The best of the rounds: what disturbs only makes it worse."""
    figures = []
    for _ in range(rounds):
        run = subprocess.run([programs.guard_bench, *words, *way, *server], check=False, stdout=subprocess.PIPE)
        if run.returncode != 0:
            raise Failure(f"{' '.join([programs.guard_bench, *words, *way, *server])} failed")
        figures.append(json.loads(run.stdout))
    return {name: best(figure[name] for figure in figures) for name in figures[0]}


def guard_tables(programs, rounds):
    echo = [programs.guard_bench, "echo"]
    node_echo = ["node", str(HERE / "node_echo.mjs")]
    ways = guard_ways(programs)
    lines = [f"The best of {rounds} rounds. A message of 200 bytes there and back, one after the other (20,000; node: 2,000); "
             "messages of 1 MiB, 300 of them, back and forth; PSS of all that stands in between, of 50 at once.", "",
             "| | there and back, median | 99th of 100 | 1 MiB, server that only copies | 1 MiB, server in node | PSS each of 50 |",
             "|---|---:|---:|---:|---:|---:|"]
    for name, way in ways.items():
        slow = name == "relay in node"
        times = guard_figure(programs, ["latency", "2000" if slow else "20000"], way, echo, rounds, min)
        copied = guard_figure(programs, ["throughput", "300", str(1 << 20)], way, echo, rounds, max)
        parsed = "" if "relay in node" not in ways else "{:.0f} MiB/s".format(guard_figure(
            programs, ["throughput", "100", str(1 << 20)], way, node_echo, rounds, max)["mib_per_second"])
        memory = "" if not way else "{:.0f} KiB".format(
            guard_figure(programs, ["memory", "5" if slow else "50"], way, echo, 1, min)["pss_kib"])
        lines.append(f"| {name} | {times['p50_us']:.1f} µs | {times['p99_us']:.1f} µs | "
                     f"{copied['mib_per_second']:.0f} MiB/s | {parsed} | {memory} |")
    return lines


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    load = os.getloadavg()[0]
    version = subprocess.run([PYTHON, "-c", "import psutil, sys; print(psutil.__version__, sys.version.split()[0])"],
                             check=False, stdout=subprocess.PIPE, text=True).stdout.split()
    if len(version) != 2:
        raise Failure(f"{PYTHON} cannot import psutil; install Debian's python3-psutil")
    ps = subprocess.run(["ps", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return (f"{os.cpu_count()} × {model}, Linux {platform.release()}, {ps}, psutil {version[0]} on "
            f"Python {version[1]}; load at the start {load:.1f}.")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent / "build/bench", help="where the preset was built")
    parser.add_argument("--processes", default="1000,5000,10000", help="sizes of the host, with commas")
    parser.add_argument("--rounds", type=int, default=7, help="how often each program runs")
    parser.add_argument("--seconds", type=int, default=60, help="how long what stands by is watched")
    parser.add_argument("--only", choices=["scan", "match", "kill", "daemon", "guard"], help="a part of it")
    return parser.parse_args()


def main():
    options = arguments()
    programs = Programs(options.build)
    print(machine(), flush=True)
    if options.only in (None, "scan"):
        hosts = {}
        for size in [int(text) for text in options.processes.split(",")]:
            print(f"bench: a host of {size:,} processes, {options.rounds} rounds", file=sys.stderr)
            hosts[size] = measure_host(programs, size, options.rounds)
        print("\n## Scanning a host\n", *scan_tables(hosts), sep="\n", flush=True)
    if options.only in (None, "daemon"):
        print(f"bench: what stands by, {options.seconds} s", file=sys.stderr)
        with Farm(programs.farm, FARM_OF_THE_DAEMON):
            rows = standing.measure(programs, options.seconds, SPAWNS_A_SECOND)
            ticks = [run_collector_bench(programs, interval) for interval in (1000, 5000)]
        print("\n## Standing by\n", *standing.tables(rows), "", *tick_tables(ticks), sep="\n", flush=True)
    if options.only in (None, "match"):
        print("bench: matching command lines", file=sys.stderr)
        print("\n## Matching command lines\n", *match_tables(run_classify_bench(programs, options.rounds)), sep="\n")
    if options.only in (None, "kill"):
        print("bench: ending servers", file=sys.stderr)
        print("\n## Ending servers\n", *kill_tables(programs, options.rounds), sep="\n")
    if options.only in (None, "guard"):
        print("bench: the guard", file=sys.stderr)
        print("\n## The guard\n", *guard_tables(programs, options.rounds), sep="\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
