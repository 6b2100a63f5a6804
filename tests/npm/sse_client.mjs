// An MCP client over HTTP (server-sent events), on the official SDK:  node sse_client.mjs URL
// Prints {"ready":true,"tools":N} once the server has answered, and lives until its stdin ends.
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { SSEClientTransport } = require('@modelcontextprotocol/sdk/client/sse.js');

const client = new Client({ name: 'mcp-reaper-test', version: '1' });
await client.connect(new SSEClientTransport(new URL(process.argv[2])), { timeout: 120_000 });
const { tools } = await client.listTools();
console.log(JSON.stringify({ ready: true, tools: tools.length }));
process.stdin.resume().on('end', () => process.exit(0));
