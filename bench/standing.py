"""What stands by and watches: our daemon beside other monitors, all at once on the same host.

All of them run at the same time for so many seconds; what each has spent meanwhile is read from its CPU
clock (clock_getcpuclockid(3)), its memory from smaps_rollup. What they do before, to get ready, is not in
it.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PYTHON = "/usr/bin/python3"
HERE = Path(__file__).resolve().parent
YOUTH_SECONDS = 61  # So long after its start a process may yet change what it is, and is looked at more.
PATTERNS = ["chrome-devtools-mcp", "duckduckgo-mcp", "playwright.*mcp", "mcp-server-filesystem", "supabase.*mcp",
            "sequential-thinking", "mcp.*fetch"]


class Spawner:
    """So many processes a second that each live for a second."""

    PROGRAM = ("import os, sys, time\n"
               "pause = 1 / float(sys.argv[1])\n"
               "due = time.monotonic()\n"
               "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
               "while True:\n"
               "    os.posix_spawn('/bin/sleep', ['sleep', '1'], {})\n"
               "    due += pause\n"
               "    time.sleep(max(0, due - time.monotonic()))\n")

    def __init__(self, a_second):
        self.child = subprocess.Popen([PYTHON, "-c", self.PROGRAM, str(a_second)])

    def end(self):
        self.child.kill()
        self.child.wait()


class Watcher:
    """A program that stands by. `ready` returns when it has begun its work."""

    def __init__(self, name, command, environment=None, ready=None):
        self.name = name
        self.ready = ready or (lambda: None)
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})

    def cpu_seconds(self):
        clock = (~self.child.pid << 3) | 2  # What clock_getcpuclockid(3) makes of a pid.
        return time.clock_gettime(clock)

    def memory_kib(self):
        values = {}
        for line in Path(f"/proc/{self.child.pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("Pss", "Rss"):
                values[name] = int(rest.split()[0])
        return values

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def alive(self):
        return self.child.poll() is None

    def end(self):
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()


def await_ready(socket, child):
    """The daemon's control socket is there when it has taken its first look."""
    end = time.monotonic() + 60
    while not os.path.exists(socket):
        if child.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the daemon does not become ready")
        time.sleep(0.05)


def reaper(program, scratch, seconds):
    """Our daemon. It only observes: nothing on this machine is acted on."""
    home = Path(tempfile.mkdtemp(dir=scratch))
    for place in ("run", "state"):
        (home / place).mkdir(mode=0o700)
    policy = home / "policy.yaml"
    policy.write_text("version: 1\nmode: observe\n"
                      f"daemon: {{ health_check_interval: {seconds}, cleanup_interval: {seconds} }}\n"
                      "events: { journal: false }\n")
    command = [program, "daemon", "--policy", str(policy)]
    watcher = Watcher(f"**ours**, every {seconds} s", command, {"RUNTIME_DIRECTORY": str(home / "run"), "STATE_DIRECTORY": str(home / "state")})
    watcher.ready = lambda: await_ready(home / "run/control.sock", watcher.child)
    return watcher


def monit(scratch, seconds):
    """Seven process checks, each with limits, as people write them against runaway servers."""
    config = Path(scratch) / "monitrc"
    checks = "".join(f"check process p{i} matching \"{pattern}\"\n"
                     "  if cpu > 80% for 2 cycles then alert\n"
                     "  if total memory > 500 MB then alert\n"
                     "  if uptime > 2 hours then alert\n" for i, pattern in enumerate(PATTERNS))
    config.write_text(f"set daemon {seconds}\nset log /dev/null\nset pidfile {scratch}/monit.pid\n"
                      f"set statefile {scratch}/monit.state\nset idfile {scratch}/monit.id\n" + checks)
    config.chmod(0o600)
    return Watcher(f"monit, seven process checks, every {seconds} s", ["monit", "-I", "-c", str(config)])


class Exporter(Watcher):
    """process-exporter works when it is asked, as Prometheus would."""

    PORT = 19256

    def __init__(self, scratch, seconds):
        config = Path(scratch) / "process-exporter.yaml"
        config.write_text("process_names:\n" + "".join(f"  - name: p{i}\n    cmdline: ['{p}']\n"
                                                       for i, p in enumerate(PATTERNS)))
        super().__init__(f"process-exporter, asked every {seconds} s",
                         ["prometheus-process-exporter", "-config.path", str(config), "-web.listen-address",
                          f"127.0.0.1:{self.PORT}"])

    def ask(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.PORT}/metrics", timeout=30) as answer:
            return answer.read()


def cgrulesengd(scratch):
    """One rule that matches nobody: what it costs to be told of every process. Its file can only be in /etc,
    so it gets an /etc of its own."""
    rules = Path(scratch) / "cgrules.conf"
    rules.write_text("games\tcpu\t/\n")
    place = Path(scratch) / "etc"
    place.mkdir()
    script = ("mount -t tmpfs none \"$1\" && mkdir -p \"$1/upper/cgconfig.d\" \"$1/upper/cgrules.d\" \"$1/work\" && "
              ": >\"$1/upper/cgconfig.conf\" && cp \"$2\" \"$1/upper/\" && "
              "mount -t overlay overlay -o lowerdir=/etc,upperdir=\"$1/upper\",workdir=\"$1/work\" /etc && "
              "exec cgrulesengd -n -Q")
    return Watcher("cgrulesengd, one rule",
                   ["unshare", "--mount", "sh", "-ec", script, "sh", str(place), str(rules)])


def measure(programs, seconds, spawns):
    """Rows (name, percent of a core, PSS and RSS in KiB, descriptors) of all that stood by for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="reaper-bench-", dir="/dev/shm") as scratch:
        spawner = Spawner(spawns)
        watchers = []
        try:
            monitor = [PYTHON, str(HERE / "psutil_monitor.py")]
            watchers = [
                reaper(programs.reaper, scratch, 1),
                reaper(programs.reaper, scratch, 5),
                Watcher("psutil monitor, every 1 s", monitor + ["100000", "1"]),
                Watcher("psutil monitor, every 5 s", monitor + ["100000", "5"]),
                monit(scratch, 5),
                cgrulesengd(scratch),
            ]
            exporter = Exporter(scratch, 5)
            watchers.append(exporter)
            for watcher in watchers:
                watcher.ready()
            time.sleep(YOUTH_SECONDS)
            exporter.ask()  # Its first answer is dearer.
            before = [watcher.cpu_seconds() for watcher in watchers]
            begin = due = time.monotonic()
            while time.monotonic() < begin + seconds:
                exporter.ask()
                due += 5
                time.sleep(max(0, min(due, begin + seconds) - time.monotonic()))
            took = time.monotonic() - begin
            rows = []
            for watcher, spent in zip(watchers, before):
                if not watcher.alive():
                    print(f"bench: {watcher.name} has ended by itself: left out", file=sys.stderr)
                    continue
                memory = watcher.memory_kib()
                rows.append((watcher.name, 100 * (watcher.cpu_seconds() - spent) / took, memory["Pss"], memory["Rss"],
                             watcher.descriptors()))
            return rows
        finally:
            for watcher in watchers:
                watcher.end()
            spawner.end()


def tables(rows):
    every_second, every_five = rows[0][1], rows[1][1]
    lines = ["| | CPU, % of a core | times ours every 1 s, 5 s | PSS, MB | RSS, MB | descriptors |",
             "|---|---:|---:|---:|---:|---:|"]
    for name, cpu, pss, rss, descriptors in rows:
        times = f"{cpu / every_second:.1f}×, {cpu / every_five:.1f}×"
        lines.append(f"| {name} | {cpu:.2f} | {times} | {pss / 1024:.1f} | {rss / 1024:.1f} | {descriptors:,} |")
    return lines
