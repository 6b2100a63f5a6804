#!/usr/bin/python3
"""What survey.mjs does, over pipes, from Python's own library alone: takes and prints the same JSON."""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from client import Refused, Server

LISTS = {
    "tools": "tools/list",
    "prompts": "prompts/list",
    "resources": "resources/list",
    "resourceTemplates": "resources/templates/list",
}


def ask(server, method, params):
    try:
        return server.ask(method, params)
    except Refused as refused:
        return {"error": refused.error}


def all_of(server, method, key):
    found, cursor = [], {}
    while True:
        page = ask(server, method, cursor)
        if "error" in page:
            return page
        found += page[key]
        if "nextCursor" not in page:
            return found
        cursor = {"cursor": page["nextCursor"]}


def survey(spec):
    try:
        server = Server(spec)
        told = server.open()
        told["lists"] = {key: all_of(server, method, key) for key, method in LISTS.items()}
        told["calls"] = [ask(server, "tools/call", call) for call in spec.get("calls", [])]
        server.close()
        return told
    except (RuntimeError, OSError, ValueError) as error:
        return {"failed": str(error)}


def main():
    told = json.loads(sys.argv[1])
    names = [spec["name"] for spec in told["servers"]]
    with ThreadPoolExecutor(told["parallel"]) as pool:
        print(json.dumps(dict(zip(names, pool.map(survey, told["servers"])))))


if __name__ == "__main__":
    main()
