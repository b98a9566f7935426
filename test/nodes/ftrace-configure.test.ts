import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import type { NodeMessageInFlow } from 'node-red';
import type { Report } from '../../src/model/report';
import { findSession } from '../../src/session/sessions';
import { needs } from '../harness/requirements';
import { RunningFlow } from './running-flow';

const INSTANCES = '/sys/kernel/tracing/instances';

interface SessionPayload {
  readonly session: string | null;
  readonly topic: string;
  readonly state: string | null;
  readonly instances: string[];
  readonly commands: string[];
  readonly kernel: string;
  readonly settings: Record<string, unknown>;
}

const sessionOf = ({ payload }: NodeMessageInFlow): SessionPayload => payload as SessionPayload;
const inState = (state: string) => (message: NodeMessageInFlow) => sessionOf(message).state === state;

/** Of this process: other tests may run beside it. */
function ourInstances(): string[] {
  return readdirSync(INSTANCES).filter((name) => name.includes(`-${process.pid}-`));
}

/** Our own descriptors into tracefs. */
function openTraceFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes('/tracing/') ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('ftrace-configure', () => {
  let flow: RunningFlow;
  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    flow = await RunningFlow.start([
      {
        id: 'configure',
        type: 'ftrace-configure',
        topic: 'configure-test',
        wires: [['session']],
        ...settings,
      },
    ]);
  };
  afterEach(() => flow.stop());

  it('explains what it would do, and does nothing', async () => {
    await start();
    flow.send('configure', { action: 'explain', payload: 1, colour: 'blue' });
    const message = await flow.first('session');
    const { session, topic, state, commands } = sessionOf(message);
    assert.deepEqual([session, topic, state], [null, 'configure-test', null]);
    assert.ok(commands.some((command) => command.startsWith('mkdir ')));
    assert.deepEqual(message.ftrace, { session: null, kind: 'explain' });
    assert.deepEqual([message.topic, message.colour, message.action], ['configure-test', 'blue', undefined]);
    assert.equal(findSession('configure-test'), undefined);
  });

  it('sends an action that it does not know to Catch', async () => {
    await start();
    flow.send('configure', { action: 'explode' });
    assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
  });

  for (const action of ['pause', 'resume', 'disarm']) {
    it(`sends ${action} of a topic that is not armed to Catch`, async () => {
      await start();
      flow.send('configure', { action });
      assert.equal((await flow.caught()).error.code, 'SESSION_UNKNOWN');
    });
  }

  it('says what is wrong with its settings to each message', async () => {
    await start({ events: 'list', eventList: 'not/an/event' });
    flow.send('configure');
    flow.send('configure');
    assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
    assert.equal((await flow.status('configure', () => true)).text, 'ftrace-configure.status.invalid');
  });

  describe('with tracefs', () => {
    before(async function () {
      await needs(this, { tracefs: true });
    });

    it('arms a session, sends it on, and removes it when it is deployed again', async () => {
      await start();
      flow.send('configure', { colour: 'blue' });
      const message = await flow.first('session');
      const { session, topic, state, instances, commands, kernel, settings } = sessionOf(message);
      assert.deepEqual(
        [topic, state, message.topic, message.colour],
        ['configure-test', 'armed', topic, 'blue'],
      );
      assert.deepEqual(message.ftrace, { session, kind: 'session' });
      assert.equal(instances.length, 2);
      for (const instance of instances) assert.ok(existsSync(`${INSTANCES}/${instance}`));
      assert.ok(commands.length > 5);
      assert.match(kernel, /^\d+\./);
      assert.equal(settings.clock, 'mono');
      assert.equal((await flow.status('configure', () => true)).fill, 'green');
      await flow.stop();
      for (const instance of instances) assert.ok(!existsSync(`${INSTANCES}/${instance}`));
      await start();
    });

    it('ends the older session when a topic is armed again', async () => {
      await start();
      flow.send('configure');
      const first = sessionOf(await flow.first('session'));
      flow.send('configure');
      const second = sessionOf(
        await flow.first('session', (each) => sessionOf(each).session !== first.session),
      );
      assert.ok(!existsSync(`${INSTANCES}/${first.instances[0]!}`));
      assert.ok(existsSync(`${INSTANCES}/${second.instances[0]!}`));
    });

    it('disarms by msg.action', async () => {
      await start();
      flow.send('configure');
      const { instances } = sessionOf(await flow.first('session'));
      flow.send('configure', { action: 'disarm' });
      await flow.first('session', inState('ended'));
      assert.ok(!existsSync(`${INSTANCES}/${instances[0]!}`));
    });

    it('takes the topic of the message where it has none of its own', async () => {
      await start({ topic: '' });
      flow.send('configure', { topic: 'from-message' });
      assert.equal(sessionOf(await flow.first('session')).topic, 'from-message');
    });

    it('refuses to pause a session that does not run', async () => {
      await start();
      flow.send('configure');
      await flow.first('session');
      flow.send('configure', { action: 'pause' });
      assert.equal((await flow.caught()).error.code, 'SESSION_STATE');
    });

    it('attaches to a process by msg.pid, runs at once, and lets it live when it is deployed again', async () => {
      flow = await RunningFlow.start([
        { id: 'configure', type: 'ftrace-configure', topic: 'attach-test', wires: [['session', 'source']] },
        { id: 'source', type: 'trace-source', wires: [['parse']] },
        { id: 'parse', type: 'lifecycle-parse', wires: [[], ['report']] },
      ]);
      const sleeper = spawn('sleep', ['60']);
      const gone = once(sleeper, 'exit');
      flow.send('configure', { pid: sleeper.pid });
      const { state, settings } = sessionOf(await flow.first('session'));
      assert.deepEqual([state, settings.attach], ['running', [sleeper.pid]]);
      flow.send('configure', { action: 'disarm' });
      const report = (await flow.first('report', ({ payload }) => 'processes' in (payload as object)))
        .payload as Report;
      assert.deepEqual(
        report.processes.map(({ pid, role, state: last }) => [pid, role, last]),
        [[sleeper.pid, 'attached', 'running']],
      );
      await flow.stop();
      await start({ attach: String(sleeper.pid) });
      flow.send('configure');
      await flow.first('session', inState('running'));
      await flow.stop();
      assert.equal(sleeper.exitCode ?? sleeper.signalCode, null, 'it was signalled');
      sleeper.kill('SIGKILL');
      await gone;
      await start();
    });

    it('sends a pid that is none, and one that is not there, to Catch', async () => {
      await start();
      flow.send('configure', { pid: 'init' });
      assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
      const brief = spawn('true');
      await once(brief, 'exit');
      flow.send('configure', { pid: [brief.pid] });
      await flow.first(
        'caught',
        ({ error }: NodeMessageInFlow & { error?: { code?: string } }) => error?.code === 'PROCESS_MISSING',
      );
    });

    it('pauses and resumes a running session', async () => {
      flow = await RunningFlow.start([
        { id: 'configure', type: 'ftrace-configure', topic: 'pause-test', wires: [['session', 'run']] },
        {
          id: 'run',
          type: 'run-workload',
          command: 'sleep',
          args: ['60'],
          wires: [['state', 'source'], [], []],
        },
        { id: 'source', type: 'trace-source', wires: [[]] },
      ]);
      flow.send('configure');
      await flow.first('state');
      flow.send('configure', { action: 'pause' });
      await flow.first('session', inState('paused'));
      flow.send('configure', { action: 'resume' });
      await flow.first('session', inState('running'));
    });

    it('sends an event that this kernel does not have to Catch, and leaves nothing behind', async () => {
      const before = ourInstances();
      await start({ events: 'list', eventList: 'sched_process_exec no_such_event' });
      flow.send('configure');
      const { error } = await flow.caught();
      assert.equal(error.code, 'EVENT_UNKNOWN');
      assert.match(error.message, /no_such_event/);
      assert.deepEqual(ourInstances(), before);
    });

    it('leaves no instance, descriptor or process behind after 20 deploys in the middle of a run', async function () {
      this.timeout(120_000);
      const before = ourInstances();
      const descriptors = openTraceFiles();
      const pids: number[] = [];
      for (let deploy = 0; deploy < 20; deploy++) {
        flow = await RunningFlow.start([
          { id: 'configure', type: 'ftrace-configure', topic: 'deploys', wires: [['run']] },
          {
            id: 'run',
            type: 'run-workload',
            command: 'sleep',
            args: ['60'],
            wires: [['source', 'state'], [], []],
          },
          { id: 'source', type: 'trace-source', wires: [['parse']] },
          { id: 'parse', type: 'lifecycle-parse', wires: [['stages'], []] },
        ]);
        flow.send('configure');
        pids.push(((await flow.first('state')).payload as { pid: number }).pid);
        await flow.stop();
      }
      assert.deepEqual(ourInstances(), before);
      assert.deepEqual(openTraceFiles(), descriptors);
      assert.deepEqual(
        pids.filter((pid) => existsSync(`/proc/${pid}`)),
        [],
      );
      await start();
    });
  });
});
