import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Report, SignalRecord } from '../../src/model/report';
import type { TraceEvent } from '../../src/trace-event';
import { DOCTOR_OPTIONS } from '../../src/cli/doctor';
import { EVENTS_OPTIONS } from '../../src/cli/events';
import { RECORD_OPTIONS } from '../../src/cli/record-request';
import { WATCH_OPTIONS } from '../../src/cli/watch-request';
import { REPORT_OPTIONS } from '../../src/cli/report';
import { COMMAND_NAMES, HELP, USAGE } from '../../src/cli/usage';
import { needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { compiled, SPIN } from '../live/compiled';
import { ownInstances } from '../live/tracing-state';

const COMMAND = path.join(__dirname, '../../src/cli/ftrace-life.js');
const WALKTHROUGH = path.join(process.cwd(), 'test/fixtures/walkthrough.txt');
const run = promisify(execFile);

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function ftraceLife(args: string[], options: { input?: string; uid?: number } = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    timeout: 50_000,
    ...options,
  });
  return { status, stdout, stderr };
}

/** Its report, and the pid of `ftrace-life` itself. */
async function recordReport(args: string[]): Promise<{ report: Report; pid: number }> {
  const running = run(process.execPath, [COMMAND, 'record', '--format', 'json', ...args], {
    timeout: 50_000,
  });
  const { stdout } = await running;
  return { report: JSON.parse(stdout) as Report, pid: running.child.pid ?? 0 };
}

/** Records a shell script, and does something at its first line of output. */
async function recordWhile(
  script: string,
  atFirstLine: (recording: ChildProcess, line: string) => void,
): Promise<{ report: Report; status: number | null }> {
  const recording = spawn(process.execPath, [
    COMMAND,
    'record',
    '--format',
    'json',
    '--',
    'sh',
    '-c',
    script,
  ]);
  let stdout = '';
  recording.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  recording.stderr.once('data', (line: Buffer) => {
    atFirstLine(recording, line.toString().trim());
  });
  const status = await new Promise<number | null>((resolve) => recording.on('close', resolve));
  return { report: JSON.parse(stdout) as Report, status };
}

function one(signals: readonly SignalRecord[], name: string, target: number): SignalRecord {
  const found = signals.filter((signal) => signal.signal === name && signal.target.tgid === target);
  assert.equal(found.length, 1, `${name} to ${target}: ${JSON.stringify(signals)}`);
  return found[0]!;
}

function workloadOf(report: Report): Report['processes'][number] {
  const life = report.processes.find((process) => process.role === 'workload');
  assert.ok(life, JSON.stringify(report.processes));
  return life;
}

describe('ftrace-life record', () => {
  let spin: string;
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    spin = compiled('a.out', SPIN);
  });

  it('tells one whole life with all system calls traced: fork, exec, libc, kill -9, SIGCHLD, reaping', async () => {
    // Its maps are read while it lives: a busy machine takes a second to get there.
    const { report, pid } = await recordReport(['--events', 'all', '--kill', 'SIGKILL@3', '--', spin]);
    assert.equal(report.schema, 'lifecycle/1');
    assert.equal(report.trace.lost, 0);
    const life = workloadOf(report);
    const parent = report.processes.find((process) => process.id === life.parent);
    assert.equal(parent?.role, 'parent');
    assert.equal(life.fork?.by, parent.pid);
    assert.ok(life.fork.childReturn !== null && life.fork.parentReturn !== null);
    assert.equal(life.execs.filter((exec) => exec.error === null).at(-1)?.path, spin);
    const libc = life.libraries.find((library) => /\/libc[.-]/.test(library.path ?? ''));
    assert.ok(libc !== undefined && libc.base > 0 && libc.inMaps === true, JSON.stringify(life.libraries));
    const kill = one(report.signals, 'SIGKILL', life.pid);
    assert.equal(kill.sender?.pid, parent.pid);
    assert.equal(kill.sender.inTree, true);
    assert.equal(kill.origin, 'kill');
    assert.ok(kill.generated?.stack.includes('__x64_sys_kill'), JSON.stringify(kill.generated));
    assert.ok(kill.delivered !== null && kill.fatal);
    const child = one(report.signals, 'SIGCHLD', parent.pid);
    assert.equal(child.code, 'CLD_KILLED');
    assert.equal(child.sender?.pid, life.pid);
    assert.deepEqual(
      { kind: life.exit?.kind, signal: life.exit?.signal },
      { kind: 'signaled', signal: 'SIGKILL' },
    );
    assert.deepEqual({ by: life.reap?.by, state: life.state }, { by: parent.pid, state: 'reaped' });
    assert.deepEqual(ownInstances(pid), []);
  });

  it('names a killer outside the tree and its SIGTERM, although the kernel delivers that as 9', async () => {
    let killer: number | undefined;
    const { report } = await recordWhile('echo $$; exec sleep 30', (_recording, line) => {
      // It waits until the sleep is in place of its shell.
      const script = `until grep -q sleep /proc/${line}/comm; do :; done; kill -TERM ${line}`;
      killer = spawn('sh', ['-c', script]).pid;
    });
    const life = workloadOf(report);
    const term = one(report.signals, 'SIGTERM', life.pid);
    assert.deepEqual(
      { pid: term.sender?.pid, inTree: term.sender?.inTree, fatal: term.fatal },
      { pid: killer, inTree: false, fatal: true },
    );
    assert.equal(life.exit?.signal, 'SIGTERM');
    assert.deepEqual(
      report.signals.filter((signal) => signal.signal === 'SIGKILL'),
      [],
    );
  });

  it('keeps a capture from which report and events say the same', () => {
    const folder = temporaryFolder('capture');
    const capture = path.join(folder, 'life.capture');
    const recorded = ftraceLife([
      'record',
      '-o',
      capture,
      '--format',
      'json',
      '--kill',
      'KILL@0.2',
      '--',
      spin,
    ]);
    assert.equal(recorded.status, 0, recorded.stderr);
    const live = JSON.parse(recorded.stdout) as Report;
    const again = JSON.parse(ftraceLife(['report', capture, '--format', 'json']).stdout) as Report;
    assert.deepEqual(again, live);
    const count = JSON.parse(ftraceLife(['events', capture, '--format', 'count']).stdout) as object;
    assert.deepEqual(count, { events: live.trace.events, lost: 0, unexplained: 0 });
    const text = path.join(folder, 'life.txt');
    writeFileSync(text, ftraceLife(['events', capture, '--format', 'text']).stdout);
    const fromText = JSON.parse(ftraceLife(['report', text, '--format', 'json']).stdout) as Report;
    assert.deepEqual({ ...fromText, trace: { ...fromText.trace, source: 'raw' } }, live);
  });

  it('gives its output to the report, and the command its own on standard error', () => {
    const { stdout, stderr, status } = ftraceLife([
      'record',
      '--format',
      'count',
      '--',
      'echo',
      'from the command',
    ]);
    assert.equal(status, 0);
    assert.equal((JSON.parse(stdout) as { lost: number }).lost, 0);
    assert.match(stderr, /from the command/);
  });

  it('hands its own standard input on', () => {
    const { stderr, status } = ftraceLife(['record', '--format', 'count', '--', 'cat'], {
      input: 'handed on',
    });
    assert.equal(status, 0);
    assert.equal(stderr, 'handed on');
  });

  it('ends the command on SIGINT and still tells its life', async () => {
    const { report, status } = await recordWhile('echo up; sleep 60', (recording) =>
      recording.kill('SIGINT'),
    );
    assert.equal(status, 0);
    assert.equal(workloadOf(report).exit?.signal, 'SIGTERM');
  });

  it('does not end before a command that ignores SIGTERM, however often it is interrupted', async () => {
    let pid = 0;
    const { report, status } = await recordWhile(`trap '' TERM; echo up; sleep 60`, (recording) => {
      pid = recording.pid!;
      recording.kill('SIGINT');
      // While the first is dealt with, which takes two seconds.
      setTimeout(() => recording.kill('SIGINT'), 200);
    });
    assert.equal(status, 0);
    assert.equal(workloadOf(report).exit?.signal, 'SIGKILL');
    assert.deepEqual(ownInstances(pid), []);
  });

  it('leaves nothing where it is interrupted while it arms', () => {
    // The signal comes just after the first instance is there, however fast or loaded the machine is.
    const interrupting = path.join(temporaryFolder('interrupted'), 'interrupting.js');
    writeFileSync(
      interrupting,
      `const fs = require('node:fs');
      const { mkdirSync } = fs;
      fs.mkdirSync = (...args) => {
        mkdirSync(...args);
        if (/instances.*-tree$/.test(args[0])) process.kill(process.pid, 'SIGTERM');
      };`,
    );
    const { status, stderr, pid } = spawnSync(
      process.execPath,
      ['--require', interrupting, COMMAND, 'record', '--', 'sleep', '60'],
      { encoding: 'utf8', timeout: 50_000 },
    );
    assert.equal(
      stderr,
      'ftrace-life: SESSION_ENDED: the session ended while it was read: SIGTERM came before the command was run\n',
    );
    assert.equal(status, 1);
    assert.deepEqual(ownInstances(pid), []);
  });

  it('ends with 1 and says why where the command does not exist or the output cannot be written', () => {
    const missing = ftraceLife(['record', '--', 'no-such-command-anywhere']);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^ftrace-life: ENOENT: .*no-such-command-anywhere.*\n$/);
    const full = ftraceLife(['record', '-o', '/dev/full', '--', 'true']);
    assert.equal(full.status, 1);
    assert.match(full.stderr, /^ftrace-life: OUTPUT_FAILED: .*ENOSPC.*\n$/);
  });

  it('says what an unprivileged user cannot do', () => {
    const { status, stderr } = ftraceLife(['record', '--', 'true'], { uid: 65_534 });
    assert.equal(status, 1);
    assert.match(stderr, /^ftrace-life: TRACEFS_DENIED: .*root/);
  });
});

describe('ftrace-life doctor', () => {
  it('finds that root can trace here', async function () {
    await needs(this, { tracefs: true });
    const { status, stdout } = ftraceLife(['doctor']);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /This machine can trace/);
  });

  it('tells an unprivileged user what is missing and how to fix it', async function () {
    await needs(this, { root: true });
    const { status, stdout } = ftraceLife(['doctor', '--json'], { uid: 65_534 });
    const found = JSON.parse(stdout) as {
      canTrace: boolean;
      findings: { level: string; fix: string | null }[];
    };
    assert.equal(status, 1);
    assert.equal(found.canTrace, false);
    const missing = found.findings.filter((finding) => finding.level === 'missing');
    assert.ok(missing.length > 0 && missing.every((reason) => reason.fix !== null), stdout);
  });
});

describe('ftrace-life report', () => {
  it("finds every stage in the walk-through's own lines", () => {
    const report = JSON.parse(ftraceLife(['report', WALKTHROUGH, '--format', 'json']).stdout) as Report;
    const life = report.processes.find((process) => process.pid === 5441);
    assert.ok(life);
    assert.deepEqual(
      {
        by: life.fork?.by,
        call: life.fork?.call,
        inParent: life.fork?.parentReturn,
        inChild: life.fork?.childReturn,
      },
      { by: 4994, call: 'clone', inParent: 9978.187638, inChild: 9978.187715 },
    );
    assert.deepEqual(
      life.execs.map((exec) => [exec.ts, exec.error]),
      [[9978.188246, null]],
    );
    assert.deepEqual(
      life.libraries.map(({ path: name, base }) => [name, base]),
      [['/lib64/libc.so.6', 0x7fef041e8000]],
    );
    const kill = one(report.signals, 'SIGKILL', 5441);
    assert.deepEqual({ by: kill.sender?.pid, origin: kill.origin }, { by: 4994, origin: 'kill' });
    assert.ok(kill.generated?.stack.includes('__x64_sys_kill'));
    assert.equal(kill.delivered?.ts, 9992.171045);
    assert.ok(kill.delivered.stack.includes('exit_to_usermode_loop'));
    assert.deepEqual(
      { kind: life.exit?.kind, signal: life.exit?.signal },
      { kind: 'signaled', signal: 'SIGKILL' },
    );
    const child = one(report.signals, 'SIGCHLD', 4994);
    assert.deepEqual(
      { code: child.code, delivered: child.delivered?.ts },
      { code: 'CLD_KILLED', delivered: 9992.171125 },
    );
    assert.deepEqual(
      { by: life.reap?.by, call: life.reap?.call, ts: life.reap?.ts, state: life.state },
      { by: 4994, call: 'wait4', ts: 9992.171197, state: 'reaped' },
    );
  });

  it('confirms a mapping by a saved copy of /proc/PID/maps, under the name that is mapped', () => {
    const maps = WALKTHROUGH.replace('.txt', '.maps');
    const report = JSON.parse(
      ftraceLife(['report', WALKTHROUGH, '--format', 'json', '--maps', maps]).stdout,
    ) as Report;
    const [libc] = report.processes.find((process) => process.pid === 5441)?.libraries ?? [];
    assert.deepEqual(
      { path: libc?.path, opened: libc?.opened, inMaps: libc?.inMaps },
      { path: '/lib64/libc-2.26.so', opened: '/lib64/libc.so.6', inMaps: true },
    );
  });

  it('reads from standard input and writes each format', () => {
    const input = readFileSync(WALKTHROUGH, 'utf8');
    assert.match(ftraceLife(['report', '-'], { input }).stdout, /killed by SIGKILL from bash \(4994\)/);
    const lines = ftraceLife(['report', '-', '--format', 'ndjson'], { input }).stdout.trim().split('\n');
    assert.deepEqual(
      [...new Set(lines.map((line) => (JSON.parse(line) as { type: string }).type))],
      ['trace', 'process', 'signal'],
    );
  });

  it('adds the alerts of the default verdicts, and of a file of rules', () => {
    const alerts = (rules: string): string[] => {
      const { stdout, stderr } = ftraceLife(['report', WALKTHROUGH, '--format', 'json', '--rules', rules]);
      assert.equal(stderr, '');
      return (JSON.parse(stdout) as { alerts: { signal: SignalRecord }[] }).alerts.map(
        (alert) => alert.signal.signal,
      );
    };
    assert.deepEqual(alerts('default'), ['SIGKILL']);
    const file = path.join(temporaryFolder('rules'), 'rules.json');
    writeFileSync(
      file,
      JSON.stringify([{ name: 'by the shell', when: { signal: 'SIGKILL' }, verdict: 'expected' }]),
    );
    assert.deepEqual(alerts(file), []);
    writeFileSync(file, '[{"name": "x", "when": {"signal": "SIGFOO"}, "verdict": "expected"}]');
    const wrong = ftraceLife(['report', WALKTHROUGH, '--rules', file]);
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /CONFIG_INVALID.*rules\[0\]\.when\.signal/);
  });

  it('tells the alerts alone as documents of the Elastic Common Schema, one a line', () => {
    const { stdout, stderr } = ftraceLife(['report', WALKTHROUGH, '--format', 'ecs']);
    assert.equal(stderr, '');
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: { action: string }; process: { pid: number } });
    assert.deepEqual(
      documents.map(({ event, process }) => [event.action, process.pid]),
      [['SIGKILL', 5441]],
    );
  });

  it('ends with 1 and one line for a file that is missing, empty, or no trace', () => {
    const folder = temporaryFolder('bad');
    const file = (name: string, content: string | Buffer): string => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    for (const [given, code] of [
      [path.join(folder, 'missing'), 'TRACE_MISSING'],
      [folder, 'TRACE_MISSING'],
      [file('empty', ''), 'TRACE_FORMAT'],
      [file('prose', 'Once upon a time\nthere was a process.\n'), 'TRACE_FORMAT'],
      [file('junk', Buffer.alloc(5000, 7)), 'TRACE_FORMAT'],
      [file('zeros', Buffer.alloc(5000)), 'TRACE_FORMAT'],
    ] as const) {
      for (const command of ['report', 'events']) {
        const { status, stderr } = ftraceLife([command, given]);
        assert.equal(status, 1, `${command} ${given}`);
        assert.match(stderr, new RegExp(`^ftrace-life: ${code}: .*\n$`), given);
      }
    }
  });
});

describe('ftrace-life events', () => {
  it('prints one event a line under the names and fields of the kernel', () => {
    const lines = ftraceLife(['events', WALKTHROUGH]).stdout.trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as TraceEvent);
    const openat = events.find((event) => event.name === 'sys_enter_openat');
    assert.deepEqual(
      { pid: openat?.pid, fields: openat?.fields },
      { pid: 5441, fields: { dfd: '0xffffffffffffff9c', filename: 0x7fef047cacc0, flags: 0x80000, mode: 0 } },
    );
    assert.equal(events.filter((event) => event.stack !== undefined).length, 3);
  });

  it('counts in one line', () => {
    const { stdout } = ftraceLife(['events', WALKTHROUGH, '--format', 'count']);
    assert.deepEqual(JSON.parse(stdout), { events: 18, lost: 0, unexplained: 0 });
  });

  for (const args of [
    ['events', WALKTHROUGH],
    ['report', WALKTHROUGH, '--format', 'ndjson'],
    ['--help'],
    ['record', '--help'],
    ['doctor'],
  ]) {
    it(`ends quietly when nobody reads on: ${args.join(' ').replace(WALKTHROUGH, 'FILE')} | true`, async () => {
      const call = [process.execPath, COMMAND, ...args].join(' ');
      const { stdout, stderr } = await run('sh', ['-c', `${call} | true; echo done`]);
      assert.deepEqual({ stdout, stderr }, { stdout: 'done\n', stderr: '' });
    });
  }

  it('ends quietly when nobody reads its errors', async () => {
    const { stdout } = await run('bash', [
      '-c',
      `${process.execPath} ${COMMAND} report nosuch 2> >(exec true); echo $?`,
    ]);
    assert.equal(stdout, '1\n');
  });
});

describe('ftrace-life on a terminal', () => {
  /** With a terminal of its own, which script(1) makes. */
  async function onTerminal(call: string, env: Record<string, string> = {}): Promise<string> {
    const { stdout } = await run('script', ['-qec', `${process.execPath} ${COMMAND} ${call}`, '/dev/null'], {
      env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
    });
    return stdout;
  }
  const ESCAPE = '\u001b[';

  before(async function () {
    await needs(this, { script: true });
  });

  it('has colours, in a pipe it has none', async () => {
    assert.ok((await onTerminal(`report ${WALKTHROUGH}`)).includes(ESCAPE));
    assert.ok(!ftraceLife(['report', WALKTHROUGH]).stdout.includes(ESCAPE));
    assert.ok(!ftraceLife(['doctor']).stdout.includes(ESCAPE));
  });

  it('has none with NO_COLOR', async () => {
    for (const call of [`report ${WALKTHROUGH}`, 'doctor'])
      assert.ok(!(await onTerminal(`${call}; true`, { NO_COLOR: '1' })).includes(ESCAPE), call);
  });
});

describe('the help of ftrace-life', () => {
  it('lists the commands', () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { status, stdout } = ftraceLife(args);
      assert.deepEqual({ status, stdout }, { status: 0, stdout: USAGE });
    }
    for (const command of COMMAND_NAMES) assert.ok(USAGE.includes(`ftrace-life ${command} `));
  });

  const options = {
    doctor: DOCTOR_OPTIONS,
    record: RECORD_OPTIONS,
    watch: WATCH_OPTIONS,
    report: REPORT_OPTIONS,
    events: EVENTS_OPTIONS,
  } as const;
  for (const command of COMMAND_NAMES) {
    it(`of ${command} explains each of its options, and no other`, () => {
      for (const args of [
        [command, '--help'],
        [command, '-h'],
        ['help', command],
      ]) {
        const { status, stdout } = ftraceLife(args);
        assert.deepEqual({ status, stdout }, { status: 0, stdout: HELP[command] });
      }
      const explained = [...HELP[command].matchAll(/^ {2}(?:-\w,| {3}) --([a-z-]+)/gm)].map(
        ([, name]) => name,
      );
      assert.deepEqual(explained.sort(), [...Object.keys(options[command]), 'help'].sort());
    });
  }

  it('fits into 120 columns', () => {
    const lines = [USAGE, ...Object.values(HELP)].flatMap((text) => text.split('\n'));
    assert.deepEqual(
      lines.filter((line) => line.length > 120),
      [],
    );
  });

  it('is not for the COMMAND after --', () => {
    const { status, stderr } = ftraceLife(['record', '--buffer', '1', '--', 'ls', '--help']);
    assert.equal(status, 2, stderr);
  });

  it('gives the version with --version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.equal(ftraceLife(['--version']).stdout, `ftrace-life ${version}\n`);
    assert.ok(existsSync(COMMAND));
  });
});
