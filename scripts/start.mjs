/**
 * `npm start`: a real Node-RED on the loopback address with the package of this checkout and the lifecycle flow. Says
 * where it is, what to press, and whether the flow traces this machine or replays a recorded trace, and why.
 *
 * Flows and settings live in .node-red/ inside the checkout (--user-dir for another place). What is there is kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(fileURLToPath(import.meta.url), '../..');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const command = path.join(root, manifest.bin['ftrace-life']);
/** Node-RED 5 needs 22.9; the one in node_modules is new enough whatever the system has. */
const installedNode = path.join(root, 'node_modules/.bin/node');
const node = existsSync(installedNode) ? installedNode : process.execPath;

/** One flow for both: where this machine cannot be traced, its ftrace-configure node replays the recorded trace. */
const FLOW_FILE = 'examples/1 Life of a process.json';
const FLOWS = {
  live: {
    file: FLOW_FILE,
    does: 'traces this machine',
    because: 'this machine can be traced',
  },
  recorded: {
    file: FLOW_FILE,
    does: 'replays a recorded trace',
    because: 'this machine cannot be traced now',
  },
};

const FIRST_PORT = 1880;
const LAST_PORT = 1899;

/** Asks `ftrace-life doctor` what this machine allows. @returns the flow to load, and why */
function chooseFlow() {
  const unknown = { ...FLOWS.recorded, because: 'nobody could say whether this machine can be traced' };
  if (!existsSync(command)) {
    return { ...unknown, why: [`${path.relative(root, command)} is missing: npm run build`] };
  }
  const doctor = spawnSync(node, [command, 'doctor', '--json'], { encoding: 'utf8' });
  let report;
  try {
    report = JSON.parse(doctor.stdout);
  } catch {
    return { ...unknown, why: [`ftrace-life doctor gave no answer: ${doctor.stderr.trim()}`] };
  }
  const why = report.findings
    .filter(({ level }) => level !== 'ok')
    .map(({ subject, found, fix }) => `${subject}: ${found}${fix === null ? '' : ` -> ${fix}`}`);
  if (!report.canTrace) return { ...FLOWS.recorded, why };
  return { ...FLOWS.live, why: [`tracefs at ${report.tracefs}, kernel ${report.kernel}`, ...why] };
}

/** Settings, the package and a flow, each where it is missing. @returns the flow file that runs, and whether it was there */
function prepareUserDir(userDir, flow) {
  const link = path.join(userDir, 'node_modules', manifest.name);
  mkdirSync(path.dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(root, link, 'dir');
  const settings = path.join(userDir, 'settings.js');
  if (!existsSync(settings)) writeFileSync(settings, SETTINGS);
  const flows = path.join(userDir, 'flows.json');
  const wasThere = existsSync(flows);
  if (!wasThere) copyFileSync(path.join(root, flow.file), flows);
  return { flows, wasThere };
}

const SETTINGS = `module.exports = {
  uiHost: '127.0.0.1',
  flowFile: 'flows.json',
  flowFilePretty: true,
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
};
`;

/** PORT where it is set, else the first free one from 1880 on. */
async function choosePort() {
  if (process.env.PORT !== undefined) return Number(process.env.PORT);
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`ports ${FIRST_PORT} to ${LAST_PORT} are all taken; PORT=<number> npm start takes another`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The names on the inject nodes whose buttons start something. */
function buttons(flows) {
  const nodes = JSON.parse(readFileSync(flows, 'utf8'));
  return nodes.filter(({ type, name }) => type === 'inject' && name).map(({ name }) => `"${name}"`);
}

/** Whether the user's flows still have the example's tab; Node-RED keeps its id. */
function hasExample(flows, flow) {
  const tab = JSON.parse(readFileSync(path.join(root, flow.file), 'utf8')).find(({ type }) => type === 'tab');
  return JSON.parse(readFileSync(flows, 'utf8')).some(({ id }) => id === tab.id);
}

function guide(address, flow, { flows, wasThere }) {
  const names = buttons(flows);
  const lines = ['', `Open   ${address}`];
  if (wasThere && !hasExample(flows, flow))
    lines.push(`Flow   yours, from ${flows}; the lifecycle flow is under Menu > Import > Examples`);
  else if (wasThere) lines.push(`Flow   yours, from ${flows}, with the lifecycle flow: it ${flow.does}`);
  else lines.push(`Flow   ${path.basename(flow.file, '.json')}: it ${flow.does}`);
  lines.push(`Why    ${flow.because}`);
  lines.push(...flow.why.map((reason) => `         ${reason}`));
  if (names.length > 0) lines.push(`Press  the button at the left of ${names.join(' or ')}`);
  lines.push(
    'Look   at the debug sidebar on the right, and at the text below each node',
    'End    with Ctrl-C',
    '',
  );
  return lines.join('\n');
}

const { values } = parseArgs({ options: { 'user-dir': { type: 'string' } } });
const userDir = path.resolve(values['user-dir'] ?? path.join(root, '.node-red'));
const flow = chooseFlow();
const prepared = prepareUserDir(userDir, flow);
const port = await choosePort();
const nodeRed = spawn(
  node,
  [path.join(root, 'node_modules/node-red/red.js'), '--userDir', userDir, '--port', String(port)],
  // A process group of its own: Ctrl-C reaches us alone, and we pass it on once.
  { cwd: userDir, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
);

let said = '';
nodeRed.stdout.setEncoding('utf8');
nodeRed.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  if (said === undefined) return;
  said += chunk;
  const address = /Server now running at (\S+)\n/.exec(said)?.[1];
  if (address === undefined || !/Started flows|Waiting for missing types/.test(said)) return;
  said = undefined;
  console.log(guide(address, flow, prepared));
});

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // The second one does not wait for nodes to close.
    nodeRed.kill(isStopping ? 'SIGKILL' : 'SIGTERM');
    isStopping = true;
  });
}
nodeRed.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
nodeRed.on('close', (code) => {
  process.exitCode = isStopping ? 0 : (code ?? 1);
});
