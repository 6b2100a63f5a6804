// An MCP server on the official SDK that sends what no server of ./package.json does. Its one tool, `rest`,
// pings the client, asks it what it cannot answer, gets progress from it, cancels a request to it, lists and cancels a task of it, and tells
// it of changed prompts and of an elicitation that is over. Run it in the folder that holds node_modules.
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const { Server } = require('@modelcontextprotocol/sdk/server/index.js');
const { StdioServerTransport } = require('@modelcontextprotocol/sdk/server/stdio.js');
const { CallToolRequestSchema, ListToolsRequestSchema, ResultSchema } = require('@modelcontextprotocol/sdk/types.js');

const server = new Server(
  { name: 'rest', version: '1' },
  { capabilities: { tools: {}, prompts: { listChanged: true } } },
);
const ask = (method, params, options) => server.request({ method, params }, ResultSchema, options);
const sampling = (text, more) => ({
  messages: [{ role: 'user', content: { type: 'text', text } }],
  maxTokens: 10,
  ...more,
});

/// Cancelled once the client has said, by its progress, that it is at work.
async function cancelled() {
  const controller = new AbortController();
  const onprogress = () => controller.abort('no longer wanted');
  return ask('sampling/createMessage', sampling('slow'), { signal: controller.signal, onprogress }).catch(String);
}

async function rest() {
  await server.ping();
  await ask('no/such/method').catch(String);
  await cancelled();
  const { task } = await ask('sampling/createMessage', sampling('unfinished', { task: { ttl: 60_000 } }));
  await ask('tasks/list', {});
  await ask('tasks/cancel', { taskId: task.taskId });
  await server.sendPromptListChanged();
  await server.createElicitationCompletionNotifier('one')();
  return { content: [{ type: 'text', text: 'done' }] };
}

const tool = { name: 'rest', inputSchema: { type: 'object' } };
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [tool] }));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  if (params.name !== tool.name) throw new Error('no such tool');
  return rest();
});
await server.connect(new StdioServerTransport());
