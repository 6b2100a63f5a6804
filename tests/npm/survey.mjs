// Asks servers all that they tell of themselves, on the official SDK, calls some tools, and says what it got.
//
//   node survey.mjs '{"parallel": 2, "servers": [{"name": "memory", "command": "npx", "args": ["-y", …],
//                     "env": {}, "calls": [{"name": "read_graph", "arguments": {}}]}]}'
//
// Run it in the folder that holds node_modules. So many servers at a time are started, asked and closed.
// Then one line of JSON: {"memory": {"serverInfo": …, "capabilities": …, "instructions": …,
// "lists": {"tools": […], "prompts": …, "resources": …, "resourceTemplates": …}, "calls": […]}}; what is
// refused is {"error": …}.
import { createRequire } from 'node:module';

// The SDK is found from the working directory, not from this file's.
const require = createRequire(process.cwd() + '/');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { getDefaultEnvironment, StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { ResultSchema } = require('@modelcontextprotocol/sdk/types.js');

const patience = { timeout: 120_000 };
const lists = {
  tools: 'tools/list',
  prompts: 'prompts/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
};

async function survey(server) {
  const transport = new StdioClientTransport({
    command: server.command,
    args: server.args ?? [],
    env: { ...getDefaultEnvironment(), ...server.env },
    stderr: 'ignore',
  });
  const client = new Client({ name: 'mcp-reaper-test', version: '1' });
  await client.connect(transport, patience);
  // The result as it came: with no schema that would leave something out.
  const ask = (method, params) =>
    client.request({ method, params }, ResultSchema, patience).catch((error) => ({
      error: { code: error.code, message: error.message, data: error.data },
    }));
  const all = async (method, key) => {
    const found = [];
    for (let cursor; ; ) {
      const page = await ask(method, cursor ? { cursor } : {});
      if (page.error) return page;
      found.push(...page[key]);
      if (!(cursor = page.nextCursor)) return found;
    }
  };
  const told = {
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions() ?? null,
  };
  told.lists = {};
  for (const [key, method] of Object.entries(lists)) told.lists[key] = await all(method, key);
  told.calls = [];
  for (const call of server.calls ?? []) told.calls.push(await ask('tools/call', call));
  await client.close();
  return told;
}

const { parallel, servers } = JSON.parse(process.argv[2]);
const waiting = [...servers];
const told = {};
async function work() {
  for (let server; (server = waiting.shift()); ) {
    told[server.name] = await survey(server).catch((error) => ({ failed: error.message }));
  }
}
await Promise.all(Array.from({ length: parallel }, work));
process.stdout.write(JSON.stringify(told) + '\n', () => process.exit(0));
