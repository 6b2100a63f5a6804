#!/usr/bin/python3
"""An MCP client with real pipes (node's are socket pairs), from Python's own library alone.

Takes the same JSON as client.mjs and prints the same lines. Its commands on stdin:
  close-stdin   closes the servers' stdin and goes on reading their stdout: {"closed": true}
  share-stdin   starts a sibling that holds the servers' stdin too: {"shared": true, "sibling": PID}
  ask           has every server list its tools once more: {"answered": how many did}
  quit          ends it, as end-of-file does
"""
import json
import os
import subprocess
import sys
import threading


def say(message):
    print(json.dumps(message), flush=True)


class Refused(RuntimeError):
    """The server answered with an error."""

    def __init__(self, name, method, error):
        super().__init__(f"{name}: {method}: {error}")
        self.error = error


class Server:
    def __init__(self, spec):
        self.name = spec["name"]
        self.process = subprocess.Popen(
            [spec["command"], *spec.get("args", [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **spec.get("env", {})},
        )
        self.next_id = 0
        self.tools = 0

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while line := self.process.stdout.readline():
            answer = json.loads(line)
            if "method" in answer and "id" in answer:  # The server asks us: we can do nothing.
                self.send({"id": answer["id"], "error": {"code": -32601, "message": "not supported"}})
            elif answer.get("id") == self.next_id:
                if "error" in answer:
                    raise Refused(self.name, method, answer["error"])
                return answer["result"]
        raise RuntimeError(f"{self.name}: left before it answered {method}")

    def answers(self):
        try:
            return "tools" in self.ask("tools/list", {})
        except (RuntimeError, OSError, ValueError):
            return False

    def open(self):
        about = {"name": "mcp-reaper-test", "version": "1"}
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": about}
        told = self.ask("initialize", params)
        self.send({"method": "notifications/initialized"})
        return told

    def close(self):
        """Closes its stdin; ends it where it stays."""
        self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()

    def initialize(self, call):
        self.open()
        self.tools = len(self.ask("tools/list", {})["tools"])
        if call and self.ask("tools/call", call).get("isError"):
            raise RuntimeError(f"{self.name}: {call['name']} failed")


def main():
    specs = json.loads(sys.argv[1])["servers"]
    servers = [Server(spec) for spec in specs]
    errors = []

    def initialize(server, spec):
        try:
            server.initialize(spec.get("call"))
        except (RuntimeError, OSError, ValueError) as error:
            errors.append(str(error))

    threads = [threading.Thread(target=initialize, args=pair) for pair in zip(servers, specs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        say({"ready": False, "error": "; ".join(errors)})
        return 1
    reports = [{"name": s.name, "pid": s.process.pid, "tools": s.tools} for s in servers]
    say({"ready": True, "client": os.getpid(), "servers": reports})

    for line in sys.stdin:
        command = line.strip()
        if command == "close-stdin":
            for server in servers:
                server.process.stdin.close()
            say({"closed": True})
        elif command == "share-stdin":
            held = [server.process.stdin.fileno() for server in servers]
            sibling = subprocess.Popen(["sleep", "3600"], pass_fds=held)
            say({"shared": True, "sibling": sibling.pid})
        elif command == "ask":
            say({"answered": sum(1 for server in servers if server.answers())})
        elif command == "quit":
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
