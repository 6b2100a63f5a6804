// A client on the official SDK that can all that a client can, and has one long conversation with a server:
// each kind of message that the server has a use for.
//
//   node conversation.mjs '{"script": "everything-2026", "command": "npx", "args": ["-y", …], "env": {}}'
//
// Run it in the folder that holds node_modules. "script" says who the server is: everything-2026, everything
// or rest (rest_server.mjs). It waits for events, never for a time, so that the conversation has the same order
// each time. At the end it prints {"done": true}, or {"error": "…"}.
import { createRequire } from 'node:module';

// The SDK is found from the working directory, not from this file's.
const require = createRequire(process.cwd() + '/');
const { Client } = require('@modelcontextprotocol/sdk/client/index.js');
const { getDefaultEnvironment, StdioClientTransport } = require('@modelcontextprotocol/sdk/client/stdio.js');
const { InMemoryTaskStore } = require('@modelcontextprotocol/sdk/experimental/tasks');
const {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResultSchema,
} = require('@modelcontextprotocol/sdk/types.js');

const patience = { timeout: 120_000 };
const { script, command, args, env } = JSON.parse(process.argv[2]);

const taskStore = new InMemoryTaskStore();
const client = new Client(
  { name: 'mcp-reaper-test', title: 'Tëst \u2028 😀', version: '1' },
  {
    taskStore,
    capabilities: {
      roots: { listChanged: true },
      sampling: {},
      elicitation: { form: {}, url: {} },
      tasks: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } },
    },
  },
);

// What the server has said, and who waits for it.
const heard = [];
const waiting = [];
const count = (is) => heard.filter(is).length;
function hears(message) {
  heard.push(message);
  for (const wait of [...waiting]) {
    if (count(wait.is) < wait.times) continue;
    waiting.splice(waiting.indexOf(wait), 1);
    wait.resolve();
  }
}
const until = (is, times = 1) =>
  new Promise((resolve, reject) => {
    if (count(is) >= times) return resolve();
    waiting.push({ is, times, resolve });
    setTimeout(() => reject(new Error(`never heard: ${is}`)), patience.timeout).unref();
  });
const said = (method) => (message) => message.method === method;
const logged = (text) => (message) =>
  message.method === 'notifications/message' && JSON.stringify(message.params.data).includes(text);

// What the server asks us.
let roots = [{ uri: 'file:///tmp/one', name: 'one' }];
client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));

async function task(extra, result) {
  // As it is now: the server will ask for what becomes of it.
  const made = { ...(await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 100 })) };
  if (result) await extra.taskStore.storeTaskResult(made.taskId, 'completed', result);
  return { task: made };
}

client.setRequestHandler(CreateMessageRequestSchema, async (request, extra) => {
  const { text } = [request.params.messages[0].content].flat()[0];
  const progressToken = request.params._meta?.progressToken;
  if (progressToken !== undefined) {
    await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    // It is cancelled now; the answer would be nobody's.
    await new Promise((resolve) => extra.signal.addEventListener('abort', resolve));
  }
  const result = { model: 'none', role: 'assistant', content: { type: 'text', text: `heard: ${text}` } };
  if (!request.params.task) return result;
  return task(extra, text === 'unfinished' ? null : result);
});
client.setRequestHandler(ElicitRequestSchema, async (request, extra) => {
  if (request.params.mode === 'url') return { action: 'decline' };
  const properties = Object.entries(request.params.requestedSchema.properties);
  const choice = ({ oneOf, anyOf }) => (oneOf ?? anyOf)?.[0].const;
  const value = (schema) =>
    ({ string: schema.enum?.[0] ?? choice(schema) ?? 'text', integer: 42, number: 42, boolean: true })[schema.type];
  const wanted = properties.filter(([, schema]) => schema.type !== 'array' && !schema.format);
  const content = Object.fromEntries(wanted.map(([name, schema]) => [name, value(schema)]));
  const result = { action: 'accept', content };
  return request.params.task ? task(extra, result) : result;
});

// What we ask. The results are in the recording; an error is one of them.
const ask = (method, params, options) =>
  client.request({ method, params }, ResultSchema, { ...patience, ...options }).catch((error) => ({ error }));
const call = (name, params = {}, options) => ask('tools/call', { name, arguments: params }, options);

async function pages(method) {
  for (let cursor, page; ; ) {
    page = await ask(method, cursor ? { cursor } : {});
    if (!(cursor = page.nextCursor)) return page;
  }
}

async function lists() {
  await client.ping();
  await pages('tools/list');
  await pages('prompts/list');
  await pages('resources/list');
  await pages('resources/templates/list');
  await ask('no/such/method', { text: 'unknown' });
  await call('no-such-tool');
}

async function texts() {
  await call('echo', { message: '' });
  await call('echo', { text: 'the wrong name' });
  await call('echo', { message: 'Grüße \u0000\u001f\u007f " \\ / \u2028\u2029\u0085 😀 👩‍👩‍👧 日本語 \ufeff \uffff \ud800' });
  // 1 MiB is the most that a guard takes; in bytes of UTF-8, most of them.
  await call('echo', { message: '\u2028😀x'.repeat(130_000) });
  await call('echo', { message: '"\n'.repeat(200_000) });
}

/// Cancels a call that the server has begun.
async function cancel(name) {
  const controller = new AbortController();
  const answer = call(name, { duration: 60, steps: 1 }, { signal: controller.signal });
  await client.ping();
  controller.abort('changed my mind');
  await answer;
  await client.ping();
}

/// How much of the progress reaches onprogress is not counted: the SDK forgets it when it finds the answer in the
/// same read, with and without a guard. The recording has all of it.
const longRun = (name) => call(name, { duration: 0.4, steps: 4 }, { onprogress: () => {} });

async function newRoots() {
  roots = [...roots, { uri: 'file:///tmp/two%20%E2%80%A8', name: 'zwei \u2028' }];
  await client.sendRootsListChanged();
  await until(logged('Roots updated: 2'));
}

async function research() {
  const topic = { topic: 'python', ambiguous: true };
  const started = await ask('tools/call', { name: 'simulate-research-query', arguments: topic, task: { ttl: 60_000 } });
  const { taskId } = started.task;
  await ask('tasks/get', { taskId });
  await until((message) => said('notifications/tasks/status')(message) && message.params.status === 'input_required');
  await ask('tasks/result', { taskId });
  const other = await ask('tools/call', {
    name: 'simulate-research-query',
    arguments: { topic: 'none' },
    task: { ttl: 60_000 },
  });
  await ask('tasks/cancel', { taskId: other.task.taskId });
  await ask('tasks/list', {});
  await ask('tasks/get', { taskId: 'no-such-task' });
}

const scripts = {
  'everything-2026': async () => {
    await until(said('notifications/tools/list_changed'));
    await until(logged('Roots updated: 1'));
    await lists();
    await ask('logging/setLevel', { level: 'debug' });
    await texts();
    await call('get-env');
    await call('get-sum', { a: 1, b: 2.5 });
    await call('get-tiny-image');
    await call('get-annotated-message', { messageType: 'error', includeImage: true });
    await call('get-structured-content', { location: 'Chicago' });
    await call('get-resource-links', { count: 3 });
    // Refused: one that it has tells the time of day.
    await call('get-resource-reference', { resourceType: 'Blob', resourceId: -1 });
    await ask('prompts/get', { name: 'args-prompt', arguments: { city: 'Köln 😀' } });
    await ask('prompts/get', { name: 'no-such-prompt' });
    const ref = { type: 'ref/prompt', name: 'completable-prompt' };
    await ask('completion/complete', { ref, argument: { name: 'department', value: 'S' } });
    const uri = 'demo://resource/static/document/features.md';
    await ask('resources/read', { uri });
    await ask('resources/read', { uri: 'demo://no/such' });
    await ask('resources/subscribe', { uri });
    await call('toggle-subscriber-updates');
    await until(said('notifications/resources/updated'));
    await call('toggle-subscriber-updates');
    await ask('resources/unsubscribe', { uri });
    await call('toggle-simulated-logging');
    await until(logged('level'));
    await call('toggle-simulated-logging');
    await call('gzip-file-as-resource', { name: 'one.gz', data: 'data:text/plain,one' });
    await until(said('notifications/resources/list_changed'));
    await newRoots();
    await call('get-roots-list');
    await call('trigger-sampling-request', { prompt: 'say \u2028', maxTokens: 10 });
    await call('trigger-elicitation-request');
    await call('trigger-url-elicitation', { url: 'https://127.0.0.1/', elicitationId: 'one' });
    await call('trigger-url-elicitation', { url: 'https://127.0.0.1/', elicitationId: 'one', errorPath: true });
    await call('trigger-sampling-request-async', { prompt: 'later' });
    await call('trigger-elicitation-request-async');
    await longRun('trigger-long-running-operation');
    await research();
    await cancel('trigger-long-running-operation');
  },
  everything: async () => {
    await until(logged('Initial roots received: 1'));
    await lists();
    await ask('logging/setLevel', { level: 'debug' });
    await texts();
    await call('printEnv');
    await call('add', { a: 1, b: 2.5 });
    await call('getTinyImage');
    await call('annotatedMessage', { messageType: 'error', includeImage: true });
    await call('structuredContent', { location: 'Chicago' });
    await call('getResourceLinks', { count: 3 });
    await call('getResourceReference', { resourceId: 2 });
    await ask('prompts/get', { name: 'complex_prompt', arguments: { temperature: '1 😀' } });
    const ref = { type: 'ref/prompt', name: 'complex_prompt' };
    await ask('completion/complete', { ref, argument: { name: 'style', value: 'f' } });
    const uri = 'test://static/resource/2';
    await ask('resources/read', { uri });
    await ask('resources/subscribe', { uri });
    await ask('resources/unsubscribe', { uri });
    await newRoots();
    await call('listRoots');
    await call('sampleLLM', { prompt: 'say \u2028', maxTokens: 10 });
    await call('startElicitation');
    await longRun('longRunningOperation');
    await cancel('longRunningOperation');
  },
  rest: async () => {
    await lists();
    await call('rest');
  },
};

try {
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'ignore',
  });
  const connected = client.connect(transport, patience);
  const { onmessage } = transport;
  transport.onmessage = (message) => {
    hears(message);
    onmessage(message);
  };
  await connected;
  await scripts[script]();
  await client.close();
  console.log(JSON.stringify({ done: true }));
  process.exit(0);
} catch (error) {
  console.log(JSON.stringify({ error: String(error.stack) }));
  process.exit(1);
}
