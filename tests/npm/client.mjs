// An MCP client on the official SDK: starts servers, speaks to each, says so, then waits.
//
//   node client.mjs '{"title": "claude", "servers": [{"name": "memory", "command": "npx",
//                     "args": ["-y", "@modelcontextprotocol/server-memory"], "env": {},
//                     "call": {"name": "tool", "arguments": {}}}]}'
//
// Run it in the folder that holds node_modules. Once every server has answered (initialize,
// tools/list, and the tool of "call" if there is one) it prints one line of JSON:
//   {"ready": true, "client": PID, "servers": [{"name": "memory", "pid": PID, "tools": 9}]}
// or {"ready": false, "error": "…"}. Then it obeys lines on stdin: "close" is the SDK's polite
// close() of every server, answered by {"closed": true}; "ask" has every server list its tools once
// more, answered by {"answered": how many did}; "quit" and end-of-file end it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// The SDK is found from the working directory, not from this file's.
const require = createRequire(process.cwd() + '/');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { getDefaultEnvironment, StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

async function start(server) {
  const transport = new StdioClientTransport({
    command: server.command,
    args: server.args ?? [],
    env: { ...getDefaultEnvironment(), ...server.env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'mcp-reaper-test', version: '1' });
  const timeout = { timeout: 120_000 };
  await client.connect(transport, timeout);
  const { tools } = await client.listTools(undefined, timeout);
  if (server.call) {
    const result = await client.callTool(server.call, undefined, timeout);
    if (result.isError) throw new Error(JSON.stringify(result.content));
  }
  return { client, report: { name: server.name, pid: transport.pid, tools: tools.length } };
}

const { title, servers } = JSON.parse(process.argv[2]);
if (title) process.title = title;
try {
  const started = await Promise.all(
    servers.map((server) =>
      start(server).catch((error) => {
        throw new Error(`${server.name}: ${error.message}`);
      }),
    ),
  );
  say({ ready: true, client: process.pid, servers: started.map(({ report }) => report) });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'quit') break;
    if (line === 'ask') {
      const answers = await Promise.allSettled(
        started.map(({ client }) => client.listTools(undefined, { timeout: 30_000 })),
      );
      say({ answered: answers.filter(({ status }) => status === 'fulfilled').length });
    }
    if (line !== 'close') continue;
    await Promise.all(started.map(({ client }) => client.close()));
    say({ closed: true });
  }
  process.exit(0);
} catch (error) {
  say({ ready: false, error: error.message });
  process.exit(1);
}
