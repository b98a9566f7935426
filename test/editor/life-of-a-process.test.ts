/** The first example, from the import menu to its last status: a life that really happens, on real tracefs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Alert, Report } from '../../src/index';
import { needs } from '../harness/requirements';
import { ownInstances } from '../live/tracing-state';
import { EditorWithNodeRed } from './editor-with-node-red';
import { keptFile, type KeptFile } from './kept-file';
import { childrenOf, tracefsDescriptors } from './left-behind';

const run = promisify(execFile);

interface Started {
  readonly state: string;
  readonly pid: number;
  readonly parentPid: number;
  readonly traced: boolean;
}

/** What the story tells of a life, in the order in which a life goes. */
function outline({ pid, parentPid: parent }: Started): RegExp[] {
  return [
    new RegExp(`\\(${parent}\\) forked \\w+ \\(${pid}\\) by clone`),
    new RegExp(`^sleep \\(${pid}\\) runs \\S*/sleep$`),
    new RegExp(`^sleep \\(${pid}\\) mapped \\S*/libc\\.so\\.6 at 0x`),
    new RegExp(`\\(${parent}\\) sent SIGKILL to sleep \\(${pid}\\) \\(kill, SI_USER\\)`),
    new RegExp(`^sleep \\(${pid}\\) got SIGKILL`),
    new RegExp(`^SIGKILL from \\w+ \\(${parent}\\) to sleep \\(${pid}\\): ended it$`),
    new RegExp(`^sleep \\(${pid}\\) was killed by SIGKILL`),
    new RegExp(`^sleep \\(${pid}\\) is a zombie`),
    new RegExp(`^sleep \\(${pid}\\) sent SIGCHLD to \\w+ \\(${parent}\\)`),
    new RegExp(`^sleep \\(${pid}\\) was reaped by \\w+ \\(${parent}\\) with wait4$`),
    /; the trace ended after .*, nothing lost$/,
  ];
}

/** Reads the whole of it as JSON; undefined while it is being written. */
function readReport(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}

/** What text with microseconds and pages with nanoseconds must agree on. */
function outcome({ processes, signals, trace }: Report): unknown {
  return {
    events: trace.events,
    lost: trace.lost,
    processes: processes.map(({ pid, comm, fork, execs, libraries, exit, reap, state }) => ({
      pid,
      comm,
      fork: fork && { by: fork.by, call: fork.call },
      execs: execs.map((exec) => exec.path),
      libraries: libraries.map((library) => [library.path, library.base, library.end]),
      exit: exit && { kind: exit.kind, code: exit.code, signal: exit.signal },
      reap: reap && { by: reap.by, call: reap.call },
      state,
    })),
    signals: signals.map(({ signal, origin, fatal, sender, target, delivered }) => ({
      signal,
      origin,
      fatal,
      sender: sender?.pid,
      target: target.pid,
      isDelivered: delivered !== null,
    })),
  };
}

describe('the example "1 Life of a process" in the editor', function () {
  this.timeout(120_000);
  let both: EditorWithNodeRed | undefined;
  let started: Started;
  let report: Report;
  let trace: KeptFile;
  before(async function () {
    await needs(this, { tracefs: true, browser: true });
    both = await EditorWithNodeRed.start();
  });
  after(() => both?.close());

  /** Presses the button and follows the run by its messages to the last. */
  async function followALife({ nodeRed, editor }: EditorWithNodeRed): Promise<{ story: string[] }> {
    nodeRed.forget();
    await editor.pressButton('follow a life');
    started = (await nodeRed.nextDebug(({ id }) => id === 'life-state')).value as Started;
    await nodeRed.nextDebug(
      ({ id, value }) => id === 'life-story' && String(value).includes('; the trace ended'),
    );
    await nodeRed.nextStatus('life-configure', ({ text }) => text === 'ended');
    const stages = nodeRed.debugMessages.filter(({ id }) => id === 'life-story');
    return { story: stages.map(({ value }) => String(value)) };
  }

  function checkStory(story: readonly string[]): void {
    let from = 0;
    for (const stage of outline(started)) {
      const at = story.findIndex((text, index) => index >= from && stage.test(text));
      assert.ok(at >= 0, `no ${String(stage)} after line ${from} of\n${story.join('\n')}`);
      from = at;
    }
  }

  it('is imported from the menu and deployed, with nothing amiss', async () => {
    await both!.deployExample('1 Life of a process');
    assert.deepEqual(await both!.editor.invalidNodes(), []);
    assert.deepEqual(await both!.editor.misplacedNodes(), []);
  });

  it('tells the life of a real process from its fork to its reaping when the button is pressed', async () => {
    const { story } = await followALife(both!);
    assert.equal(started.traced, true);
    checkStory(story);
  });

  it('shows it in the debug sidebar', async () => {
    const { editor } = both!;
    const { pid, parentPid } = started;
    await editor.waitForDebug(`sleep (${pid}) runs`);
    await editor.waitForDebug(
      new RegExp(`sleep \\(${pid}\\) was reaped by \\w+ \\(${parentPid}\\) with wait4`),
    );
    // The sidebar cuts a string at 40 characters: of the last stage it shows the verdict.
    await editor.waitForDebug(new RegExp(`sleep \\(${pid}\\) was killed by SIGKILL from`));
  });

  it('raises an alert on the SIGKILL and none on the SIGCHLD', async () => {
    const { nodeRed, editor } = both!;
    const { pid, parentPid } = started;
    const alerts = nodeRed.debugMessages.filter(({ id }) => id === 'life-alert');
    assert.equal(alerts.length, 1);
    assert.match(
      String(alerts[0]!.value),
      new RegExp(
        `^sleep \\(${pid}\\) was killed \\(SIGKILL\\) by its parent, \\w+ \\(${parentPid}\\).*\\. Sent by kill\\(\\) `,
      ),
    );
    assert.match(await editor.waitForDebug(`sleep (${pid}) was killed (SIGKILL) by its parent`), /alert/);
    const kept = await keptFile(nodeRed.userDir, '.alerts.ndjson', (text) => text.endsWith('\n'));
    const alert = JSON.parse(kept.text) as Alert;
    assert.equal(alert.signal?.signal, 'SIGKILL');
    assert.equal(alert.signal.sender?.pid, parentPid);
    assert.equal(alert.process?.comm, 'sleep');
  });

  it('keeps the report, which names the killer and lost nothing', async () => {
    const kept = await keptFile(
      both!.nodeRed.userDir,
      '.report.json',
      (text) => readReport(text)?.processes.some(({ pid }) => pid === started.pid) === true,
    );
    report = readReport(kept.text)!;
    assert.equal(report.schema, 'lifecycle/1');
    assert.equal(report.trace.lost, 0);
    assert.deepEqual(report.lost, []);
    const workload = report.processes.find(({ pid }) => pid === started.pid)!;
    assert.equal(workload.exit?.kind, 'signaled');
    assert.equal(workload.exit.signal, 'SIGKILL');
    assert.equal(workload.state, 'reaped');
    const kill = workload.signals.map((index) => report.signals[index]!).find((each) => each.fatal)!;
    assert.equal(kill.sender?.pid, started.parentPid);
    assert.equal(kill.origin, 'kill');
    assert.notEqual(kill.generated, null);
    assert.notEqual(kill.delivered, null);
    const death = report.signals.find(
      ({ signal, sender }) => signal === 'SIGCHLD' && sender?.pid === started.pid,
    );
    assert.equal(death?.target.tgid, started.parentPid);
  });

  it('keeps the trace as text, of which ftrace-life reports the same outcome', async () => {
    const { nodeRed } = both!;
    trace = await keptFile(
      nodeRed.userDir,
      '.trace.txt',
      (text) => text.includes(`pid=${started.pid}`) && text.includes('{"kind":"end"'),
    );
    const command = path.join(nodeRed.userDir, 'node_modules/.bin/ftrace-life');
    const { stdout } = await run(command, ['report', trace.path, '--format', 'json'], { maxBuffer: 1 << 26 });
    const fromText = JSON.parse(stdout) as Report;
    assert.equal(fromText.trace.source, 'text');
    assert.deepEqual(outcome(fromText), outcome(report));
  });

  it('ends with a status on each node', async () => {
    const { editor } = both!;
    await editor.waitForStatus('life-configure', /^ended$/);
    await editor.waitForStatus('life-run', /^killed by SIGKILL$/);
    await editor.waitForStatus('life-source', /^events: \d+$/);
    await editor.waitForStatus('life-parse', /^processes: 2$/);
    await editor.waitForStatus('life-filter', /^alerts: 1$/);
    await editor.fitFlow();
    await editor.screenshot('life-light');
  });

  it('only explains, without a trace, by the other button', async () => {
    const { nodeRed, editor } = both!;
    nodeRed.forget();
    await editor.pressButton('only explain');
    const { value } = await nodeRed.nextDebug(({ id }) => id === 'life-commands');
    assert.match((value as string[]).join('\n'), /set_event_pid/);
    assert.deepEqual(ownInstances(nodeRed.pid), []);
  });

  it('does it again when it is pressed again, in a dark editor', async () => {
    await both!.reopen({ theme: 'dark' });
    const { editor } = both!;
    const first = started.pid;
    const { story } = await followALife(both!);
    assert.notEqual(started.pid, first);
    checkStory(story);
    await editor.waitForDebug(`sleep (${started.pid}) was killed (SIGKILL) by its parent`);
    await editor.waitForStatus('life-filter', /^alerts: 2$/);
    await editor.waitForStatus('life-configure', /^ended$/);
    await editor.fitFlow();
    await editor.screenshot('life-dark');
  });

  it('leaves no instance, descriptor or process behind', () => {
    const { pid } = both!.nodeRed;
    assert.deepEqual(ownInstances(pid), []);
    assert.deepEqual(tracefsDescriptors(pid), []);
    assert.deepEqual(childrenOf(pid), []);
  });

  it('asks nothing from the network, and the page has no error', () => {
    const { editor, nodeRed } = both!;
    assert.deepEqual(editor.refused, []);
    assert.deepEqual(editor.errors, []);
    assert.doesNotMatch(nodeRed.output, /\[error\]/);
  });
});
