import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../harness/temporary-folder';
import type { Case } from './case';
import { Scene, shell, writeProgram } from './scene';

const CLUSTER = `
const cluster = require('node:cluster');
if (cluster.isPrimary) {
  for (let n = 0; n < 2; n++) cluster.fork();
  cluster.on('exit', (worker, code, signal) => {
    console.log('worker gone', code, signal);
    setTimeout(() => process.exit(0), 100);
  });
} else {
  process.title = 'node-worker';
  console.log('worker', process.pid);
  setInterval(() => undefined, 1000);
  if (process.env.DEED && cluster.worker.id === 1) setTimeout(() => eval(process.env.DEED), 200);
}
`;

function nodeCluster(deed = ''): Scene {
  const folder = temporaryFolder('scene');
  const file = writeProgram(folder, 'service.js', CLUSTER, 0o644);
  return Scene.of(['node', file], { env: { DEED: deed } }, folder);
}

function java(folder: string, body: string, options: readonly string[] = []): string[] {
  const file = path.join(folder, 'Service.java');
  writeFileSync(
    file,
    `public class Service { public static void main(String[] a) throws Exception { ${body} } }`,
  );
  execFileSync('javac', ['-d', folder, file], { stdio: 'pipe' });
  return ['java', '-Xmx32m', '-XX:TieredStopAtLevel=1', ...options, '-cp', folder, 'Service'];
}

const WAIT = 'System.out.println("running"); Thread.sleep(60000);';

export const RUNTIME_CASES: readonly Case[] = [
  {
    program: 'Node.js cluster',
    did: '`kill -9` to one worker',
    needs: ['node'],
    play: async () => {
      const scene = nodeCluster();
      await scene.printed(/worker \d+[^]*worker \d+/);
      const [worker] = await scene.pidsOf('node-worker', 2);
      await shell(`kill -9 ${worker}`);
      await scene.printed(/worker gone/);
      return scene.answer();
    },
    firstLine: [/node-worker/, /killed/, /from sh/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGKILL/, /node-worker/, /sh/] }],
  },
  {
    program: 'Node.js cluster',
    did: 'an uncaught exception in a worker',
    needs: ['node'],
    play: async () => nodeCluster('throw new Error("oops")').answer(),
    firstLine: [/node/, /exited with 0/, /node-worker \(\d+\) with 1/],
    alerts: [],
  },
  {
    program: 'Node.js cluster',
    did: '`process.abort()` in a worker',
    needs: ['node'],
    play: async () => nodeCluster('process.abort()').answer(),
    firstLine: [/node-worker/, /SIGABRT|aborted/],
    alerts: [{ severity: ['warning', 'error', 'critical'], text: [/SIGABRT/, /node-worker/] }],
  },
  {
    program: 'Node.js',
    did: '`kill`, without a handler of its own',
    needs: ['node'],
    play: async () => {
      const scene = Scene.of(['node', '-e', 'console.log("up"); setInterval(() => 0, 1000)']);
      await scene.printed(/up/);
      await shell(`kill ${await scene.pidOf('node')}`);
      return scene.answer();
    },
    firstLine: [/node/, /SIGTERM from sh/, /handled, raised again/],
    never: [/to itself/],
    alerts: [
      { severity: 'notice', text: [/node/, /asked to end \(SIGTERM\) by sh/, /handled, raised again/] },
    ],
  },
  {
    program: 'npm start',
    did: '`kill` to npm',
    needs: ['npm', 'node'],
    question: '`npm start`: the service does not get the SIGTERM that npm gets',
    play: async () => {
      const folder = temporaryFolder('scene');
      writeFileSync(
        path.join(folder, 'package.json'),
        '{"name":"x","version":"1.0.0","scripts":{"start":"sh -c \'node service.js; true\'"}}',
      );
      writeProgram(
        folder,
        'service.js',
        'process.title = "service"; console.log("up"); setTimeout(() => 0, 3000);',
        0o644,
      );
      const scene = Scene.of(
        ['npm', 'start'],
        { cwd: folder, env: { npm_config_update_notifier: 'false' } },
        folder,
      );
      await scene.printed(/up/);
      await shell(`kill ${await scene.pidOf('npm start')}`);
      return scene.answer();
    },
    firstLine: [/npm/, /SIGTERM from sh/, /service \(\d+\) outlive it/],
    never: [/to itself/],
    alerts: [
      { severity: 'notice', text: [/npm start/, /asked to end \(SIGTERM\) by sh/, /handled, raised again/] },
    ],
  },
  {
    program: 'python3',
    did: 'a bug in a C library: SIGSEGV, caught by faulthandler',
    needs: ['python3'],
    play: async () =>
      Scene.of(['python3', '-X', 'faulthandler', '-c', 'import ctypes; ctypes.string_at(8)']).answer(),
    firstLine: [/python3/, /its own fault, SIGSEGV/, /handled, raised again/],
    never: [/to itself/],
    alerts: [{ severity: ['error', 'critical'], text: [/SIGSEGV/, /python3/] }],
  },
  {
    program: 'python3',
    did: 'an exception that nobody catches',
    needs: ['python3'],
    play: async () => Scene.of(['python3', '-c', 'raise SystemError']).answer(),
    firstLine: [/python3/, /exited with 1/],
    alerts: [{ severity: ['notice', 'warning'], text: [/ended with 1/] }],
  },
  {
    program: 'perl',
    did: 'its alarm rings',
    needs: ['perl'],
    play: async () => Scene.of(['perl', '-e', 'alarm 1; sleep 30']).answer(),
    firstLine: [/perl/, /SIGALRM/, /alarm\(\)/],
    alerts: [{ severity: ['notice', 'warning', 'error'], text: [/SIGALRM/, /perl/] }],
  },
  {
    program: 'java',
    did: '`kill`: it ends with 143',
    needs: ['java', 'javac'],
    isOptional: true,
    question: 'java exits with 143 after `stop`, and a supervisor calls that failed',
    play: async () => {
      const folder = temporaryFolder('scene');
      const scene = Scene.of(java(folder, WAIT), {}, folder);
      await scene.printed(/running/);
      await shell(`kill ${await scene.pidOf('java')}`);
      return scene.answer();
    },
    firstLine: [/java/, /asked to end by SIG[A-Z]+ from sh/, /exited with 143/],
    alerts: [],
  },
  {
    program: 'java',
    did: 'the heap is full, with ExitOnOutOfMemoryError',
    needs: ['java', 'javac'],
    isOptional: true,
    play: async () => {
      const folder = temporaryFolder('scene');
      const fill =
        'java.util.List<byte[]> all = new java.util.ArrayList<>(); for (;;) all.add(new byte[1 << 20]);';
      return Scene.of(java(folder, fill, ['-XX:+ExitOnOutOfMemoryError']), {}, folder).answer();
    },
    firstLine: [/java/, /exited with 3/],
    // The JVM's own faults, which it handles as a matter of course, have no part in it.
    never: [/OOM killer/, /SIGSEGV/],
    alerts: [{ severity: ['notice', 'warning'], text: [/ended with 3/] }],
  },
  {
    program: 'java',
    did: '`kill -SEGV`: its error report, then abort()',
    needs: ['java', 'javac'],
    isOptional: true,
    play: async () => {
      const folder = temporaryFolder('scene');
      const scene = Scene.of(java(folder, WAIT, [`-XX:ErrorFile=${folder}/hs_err.log`]), {}, folder);
      await scene.printed(/running/);
      await shell(`kill -SEGV ${await scene.pidOf('java')}`);
      return scene.answer();
    },
    firstLine: [/java/, /SIGSEGV/],
    never: [/to itself/],
    alerts: [{ severity: 'error', text: [/java/, /was sent SIGSEGV by sh/, /called abort\(\)/] }],
  },
  {
    program: 'go',
    did: 'thousands of SIGURG of its own run-time',
    needs: ['go'],
    isOptional: true,
    question: 'a Go program gets thousands of SIGURG: from whom?',
    play: async () => {
      const folder = temporaryFolder('scene');
      const source = writeProgram(
        folder,
        'main.go',
        `package main
import ("fmt"; "runtime"; "time")
func main() {
  stop := time.Now().Add(700 * time.Millisecond)
  for n := 0; n < 4; n++ { go func() { for x := 0; ; x++ { } }() }
  for time.Now().Before(stop) { runtime.GC() }
  fmt.Println("done")
}
`,
        0o644,
      );
      execFileSync('go', ['build', '-o', path.join(folder, 'counter'), source], {
        cwd: folder,
        stdio: 'pipe',
      });
      return Scene.of([path.join(folder, 'counter')], {}, folder).answer();
    },
    firstLine: [/counter/, /exited with 0/],
    alerts: [],
  },
];
