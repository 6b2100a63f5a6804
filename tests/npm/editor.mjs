// A stand-in for an editor: starts a language server on --stdio, as editors do, and asks it for what
// it can. Prints {"ready": true, "client": PID, "servers": [{"name": "language-server", "pid": PID}]}
// and lives until its stdin ends. Started through a link named `code`, that is its name.
import { spawn } from 'node:child_process';

const server = spawn('docker-langserver', ['--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
const request = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { processId: process.pid, rootUri: null, capabilities: {} },
});
server.stdin.write(`Content-Length: ${Buffer.byteLength(request)}\r\n\r\n${request}`);
server.stdout.once('data', () => {
  const report = { name: 'language-server', pid: server.pid };
  console.log(JSON.stringify({ ready: true, client: process.pid, servers: [report] }));
});
process.stdin.resume().on('end', () => process.exit(0));
