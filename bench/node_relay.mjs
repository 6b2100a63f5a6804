// A relay in front of a server as they are written in node: line by line, each looked at, both ways.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const pass = (from, to) =>
  createInterface({ input: from, crlfDelay: Infinity }).on("line", (line) => {
    JSON.parse(line);
    to.write(line + "\n");
  });
pass(process.stdin, server.stdin);
pass(server.stdout, process.stdout);
process.stdin.on("end", () => server.stdin.end());
server.on("exit", (code) => process.exit(code ?? 1));
