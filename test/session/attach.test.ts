import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Lifecycle } from '../../src/model/lifecycle';
import type { Report } from '../../src/model/report';
import { formatNote } from '../../src/export/ftrace-text';
import { readNote } from '../../src/readers/trace-note';
import { threadsOf } from '../../src/session/proc-state';
import { armSession, explainSession } from '../../src/session/sessions';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import type { Session } from '../../src/session/session';
import type { EventBatch, TraceNote } from '../../src/trace-event';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { needs } from '../harness/requirements';
import { compiled } from '../live/compiled';
import { isAlive, openFiles, ownInstances } from '../live/tracing-state';

/**
 * Has a file open and two threads when it says so. On a byte one thread ends, it opens a file relative to a
 * directory, closes what it had open, and forks a child that becomes another program; then it waits for a signal.
 */
const SERVER = `
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static void *idle(void *none) { for (;;) pause(); return none; }
static void *brief(void *none) { char byte; return read(0, &byte, 1) < 0 ? 0 : none; }
int main(void) {
  pthread_t one, other;
  int before = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  pthread_create(&one, 0, idle, 0);
  pthread_create(&other, 0, brief, 0);
  puts("ready");
  fflush(stdout);
  pthread_join(other, 0);
  mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, before, 0);
  close(before);
  pid_t child = fork();
  if (child == 0) {
    /* Its arguments are read from /proc while it lives, on a loaded machine too. */
    execl("/bin/sleep", "sleep", "1", (char *)0);
    _exit(1);
  }
  waitpid(child, 0, 0);
  puts("done");
  fflush(stdout);
  for (;;) pause();
}
`;

interface Server {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves with the next line that it prints. */
  line(): Promise<string>;
  end(): Promise<void>;
}

async function started(program: string): Promise<Server> {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = once(child, 'exit');
  const line = async (): Promise<string> => String((await lines.next()).value);
  assert.equal(await line(), 'ready');
  return {
    process: child,
    pid: child.pid!,
    line,
    end: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function collect(batches: AsyncIterable<EventBatch>): Promise<EventBatch[]> {
  const all: EventBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

function reportOf(batches: readonly EventBatch[]): Report {
  const lifecycle = new Lifecycle({ source: 'raw' });
  for (const batch of batches) lifecycle.apply(batch);
  return lifecycle.finish().report;
}

function attachTo(...attach: number[]): Promise<Session> {
  return armSession({ ...DEFAULT_SETTINGS, topic: 'attach test', bufferKb: 1024, attach });
}

describe('a session that is attached', () => {
  let program: string;
  let server: Server;
  let filesBefore: number;
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
    program = compiled('server', SERVER);
  });
  beforeEach(async () => {
    filesBefore = openFiles().length;
    server = await started(program);
  });
  afterEach(async () => {
    await server.end();
    assert.deepEqual(ownInstances(), []);
    assert.equal(openFiles().length, filesBefore);
  });

  it('tells the rest of a life: threads, what was open, a child, and who killed it from outside', async () => {
    const session = await attachTo(server.pid);
    const reading = collect(session.batches());
    const attachment = await session.attach();
    assert.deepEqual(attachment.pids, [server.pid]);
    assert.equal(session.state, 'running');
    server.process.stdin?.write('x');
    assert.equal(await server.line(), 'done');
    const killer = spawn('/bin/sh', ['-c', `kill -TERM ${server.pid}`]);
    await attachment.ended;
    const report = reportOf(await reading);

    const life = report.processes.find(({ role }) => role === 'attached');
    assert.ok(life);
    assert.equal(life.pid, server.pid);
    assert.equal(life.fork, null);
    assert.deepEqual(life.incomplete[0], 'its beginning is not in the trace');
    assert.equal(life.attached?.program, program);
    assert.equal(life.attached.parent, process.pid);
    assert.equal(life.attached.cwd, process.cwd());
    assert.ok(life.attached.files.some(({ path }) => path === '/etc/passwd'));
    const own = life.libraries.find(({ path }) => path === '/etc/passwd');
    assert.equal(own?.nameSource, 'proc', 'it mapped a descriptor from before the trace');
    assert.ok(life.libraries.some(({ path, inMaps }) => /libc[.-]/.test(path ?? '') && inMaps === true));
    assert.equal(life.threads.length, 2);
    assert.ok(life.threads.every(({ start, end }) => start === null && end !== null));

    const child = report.processes.find(({ role }) => role === 'descendant');
    assert.equal(child?.parent, life.id);
    assert.equal(child.execs[0]?.path, '/bin/sleep');
    assert.deepEqual(child.execs[0].argv, ['sleep', '1']);
    assert.equal(child.execs[0].argvSource, 'proc');
    assert.equal(child.reap?.by, server.pid);

    assert.deepEqual([life.exit?.kind, life.exit?.signal], ['signaled', 'SIGTERM']);
    const deadly = report.signals.find(({ fatal }) => fatal);
    assert.ok(deadly?.sender);
    assert.equal(deadly.sender.pid, killer.pid);
    assert.equal(deadly.sender.inTree, false);
    assert.equal(deadly.origin, 'kill');
    assert.equal(session.state, 'ended');
  });

  it('never signals what it is attached to: disarmed, it lets it go on', async () => {
    const session = await attachTo(server.pid);
    const reading = collect(session.batches());
    await session.attach();
    await session.disarm();
    assert.equal(session.state, 'ended');
    assert.ok(isAlive(server.pid));
    server.process.stdin?.write('x');
    assert.equal(await server.line(), 'done');
    assert.deepEqual(
      reportOf(await reading).processes.map(({ role, state }) => [role, state]),
      [['attached', 'running']],
    );
  });

  it('takes a thread for its process, and a process named twice for one', async () => {
    const thread = threadsOf(server.pid).at(-1)!;
    assert.notEqual(thread, server.pid);
    const session = await attachTo(thread, server.pid);
    assert.deepEqual((await session.attach()).pids, [server.pid]);
    await session.disarm();
  });

  it('keeps what it saw of them in notes that a saved trace has', async () => {
    const session = await attachTo(server.pid);
    const reading = collect(session.batches());
    await session.attach();
    await session.disarm();
    const notes = (await reading).flatMap((batch) => batch.notes);
    const note = notes.find(
      (one): one is Extract<TraceNote, { kind: 'attached' }> => one.kind === 'attached',
    );
    assert.ok(note);
    const json = /\{.*\}/.exec(formatNote(note))?.[0] ?? '';
    assert.deepEqual(readNote(JSON.parse(json)), note);
    assert.equal(note.threads.length, 3);
    assert.ok(note.files.find(({ path }) => path === '/etc/passwd')?.closeOnExec);
    assert.equal(note.files.find(({ fd }) => fd === 0)?.closeOnExec, false);
  });

  it('ends by itself when all of several are gone', async () => {
    const other = await started(program);
    const session = await attachTo(server.pid, other.pid);
    void collect(session.batches());
    const attachment = await session.attach();
    await other.end();
    assert.equal(session.state, 'running');
    await server.end();
    await attachment.ended;
    assert.equal(session.state, 'ended');
  });

  it('refuses what is not there, and itself, by a code, and leaves nothing', async () => {
    const gone = await started(program);
    await gone.end();
    await assert.rejects(attachTo(gone.pid), { code: 'PROCESS_MISSING' });
    await assert.rejects(attachTo(process.pid), { code: 'CONFIG_INVALID' });
    const session = await attachTo(server.pid);
    const silent = { stdout: (): void => undefined, stderr: (): void => undefined };
    await assert.rejects(session.run(readWorkloadSettings({ command: 'true' }), silent), {
      code: 'SESSION_STATE',
    });
    await server.end();
    await assert.rejects(session.attach(), { code: 'PROCESS_MISSING' });
  });

  it('explains whom it would follow, thread by thread', async () => {
    const commands = await explainSession({ ...DEFAULT_SETTINGS, attach: [server.pid] });
    const followed = commands.filter((line) => line.endsWith('/set_event_pid')).slice(1);
    assert.equal(followed.length, 3);
    assert.ok(followed[0]?.startsWith(`echo ${server.pid} >>`));
  });
});
