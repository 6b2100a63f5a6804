// A server that does what the SDK's transport does with a message, and says it back: parse, serialize.
import { createInterface } from "node:readline";

createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (line) => {
  process.stdout.write(JSON.stringify(JSON.parse(line)) + "\n");
});
