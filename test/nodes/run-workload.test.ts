import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { NodeMessageInFlow } from 'node-red';
import { readProcessStat } from '../../src/index';
import { until } from '../editor/left-behind';
import { needs } from '../harness/requirements';
import { RunningFlow, type CaughtMessage, type FlowNode } from './running-flow';

const WIRES = [['state'], ['stdout'], ['stderr']];

function workload(settings: Record<string, unknown>): FlowNode {
  return { id: 'run', type: 'run-workload', commandType: 'str', wires: WIRES, ...settings };
}

function isState(state: string): (message: NodeMessageInFlow) => boolean {
  return ({ payload }) => (payload as { state?: string } | undefined)?.state === state;
}

const isComplete = ({ complete }: NodeMessageInFlow): boolean => complete === true;

describe('run-workload', () => {
  let flow: RunningFlow;
  const run = async (
    settings: Record<string, unknown>,
    message: Record<string, unknown> = {},
  ): Promise<void> => {
    flow = await RunningFlow.start([workload(settings)]);
    flow.send('run', message);
  };
  afterEach(() => flow.stop());

  describe('without a session', () => {
    it('says when the command started and how it exited, with the properties of the message that started it', async () => {
      await run({ command: 'true' }, { payload: 'x', topic: 'mine', colour: 'blue' });
      const started = await flow.first('state', isState('started'));
      const exited = await flow.first('state', isState('exited'));
      const { pid, startTime, ...startedRest } = started.payload as Record<string, unknown>;
      assert.ok(Number.isInteger(startTime));
      assert.deepEqual(startedRest, { state: 'started', parentPid: null, argv: ['true'], traced: false });
      const { seconds, ...exitedRest } = exited.payload as Record<string, unknown>;
      assert.deepEqual(exitedRest, { state: 'exited', pid, code: 0, signal: null, timedOut: false });
      assert.ok(typeof seconds === 'number' && seconds >= 0 && seconds < 60);
      assert.deepEqual(started.ftrace, { session: null, kind: 'started', pid });
      assert.deepEqual(exited.ftrace, { session: null, kind: 'exited', pid });
      for (const message of [started, exited]) {
        assert.equal(message.topic, 'mine');
        assert.equal(message.colour, 'blue');
      }
      assert.equal(started.complete, undefined);
      assert.equal(exited.complete, true);
      assert.equal(started.parts?.id, exited.parts?.id);
      assert.deepEqual([started.parts?.index, exited.parts?.index, exited.parts?.count], [0, 1, 2]);
    });

    it('sends each line of both outputs whole, and ends each stream without a payload', async () => {
      const script =
        'process.stdout.write("é".repeat(70000) + "\\nsecond\\nlast"); process.stderr.write("oops\\n")';
      await run({ command: process.execPath, args: ['-e', script] });
      const end = await flow.first('stdout', isComplete);
      await flow.first('stderr', isComplete);
      assert.ok(!('payload' in end));
      assert.deepEqual(
        flow
          .all('stdout')
          .slice(0, -1)
          .map(({ payload }) => payload),
        ['é'.repeat(70000), 'second', 'last'],
      );
      assert.deepEqual(
        flow.all('stdout').map(({ parts }) => parts?.index),
        [0, 1, 2, 3],
      );
      assert.equal(end.parts?.count, 4);
      assert.equal((flow.all('stdout')[0]!.ftrace as { kind: string }).kind, 'stdout');
      assert.equal(typeof (end.ftrace as { pid: unknown }).pid, 'number');
      assert.equal(flow.all('stderr')[0]!.payload, 'oops');
      assert.equal((flow.all('stderr')[0]!.ftrace as { kind: string }).kind, 'stderr');
    });

    it('gives the command its arguments as they are, and no shell', async () => {
      await run({ command: 'printf', args: ['%s|', '$HOME', 'a b', '"c"'] });
      await flow.first('stdout', isComplete);
      assert.equal(flow.all('stdout')[0]!.payload, '$HOME|a b|"c"|');
    });

    it('appends msg.payload as one argument, or an array as several', async () => {
      await run({ command: 'printf', args: ['%s|'], appendPayload: true }, { payload: 'one two' });
      await flow.first('stdout', isComplete);
      flow.send('run', { payload: ['one', 2] });
      await flow.first('stdout', ({ payload }) => payload === 'one|2|');
      assert.equal(flow.all('stdout')[0]!.payload, 'one two|');
    });

    it('refuses an object as an argument', async () => {
      await run({ command: 'printf', appendPayload: true }, { payload: { a: 1 } });
      assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
    });

    it('takes the command from the message or the environment', async () => {
      await run({ command: 'program', commandType: 'msg' }, { program: 'echo' });
      assert.equal(((await flow.first('state')).payload as { argv: string[] }).argv[0], 'echo');
    });

    it('runs a line of a shell where that is ticked', async () => {
      await run({ command: 'echo $((6 * 7))', shell: true });
      await flow.first('stdout', isComplete);
      assert.equal(flow.all('stdout')[0]!.payload, '42');
    });

    it('uses the directory and the environment that are set', async () => {
      const env = [
        { name: 'COLOUR', value: 'blue' },
        { name: 'HOME', value: '' },
      ];
      await run({ command: 'pwd; echo "$COLOUR,${HOME-none}"', shell: true, cwd: '/', env });
      await flow.first('stdout', isComplete);
      assert.deepEqual(
        flow
          .all('stdout')
          .slice(0, -1)
          .map(({ payload }) => payload),
        ['/', 'blue,none'],
      );
    });

    it('becomes another user by name or number', async function () {
      await needs(this, { root: true });
      await run({ command: 'id', args: ['-u'], user: 'nobody' });
      await flow.first('stdout', isComplete);
      const nobody = /^nobody:[^:]*:(\d+)/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1];
      assert.equal(flow.all('stdout')[0]!.payload, nobody);
    });

    it('sends an unknown user to Catch', async () => {
      await run({ command: 'id', user: 'no-such-user' });
      assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
    });

    it('sends a command that does not exist to Catch, with its code, and says so on the node', async () => {
      await run({ command: '/no/such/program' }, { topic: 'mine' });
      const { error, topic } = await flow.caught();
      assert.equal(error.code, 'ENOENT');
      assert.match(error.message, /\/no\/such\/program/);
      assert.equal(topic, 'mine');
      assert.equal(
        (await flow.status('run', ({ fill }) => fill === 'red')).text,
        'run-workload.status.failed',
      );
    });

    it('sends a file that is no program to Catch as EACCES', async () => {
      await run({ command: '/etc/passwd' });
      assert.equal((await flow.caught()).error.code, 'EACCES');
    });

    it('sends the signal after its time', async () => {
      await run({ command: 'sleep', args: ['60'], killSignal: 'SIGKILL', killAfter: '0.2' });
      const { payload } = await flow.first('state', isState('exited'));
      assert.equal((payload as { signal: string }).signal, 'SIGKILL');
    });

    it('ends a command that takes longer than its time limit, and says so', async () => {
      await run({ command: 'sleep', args: ['60'], timeLimit: '0.2' });
      const { payload } = await flow.first('state', isState('exited'));
      assert.equal((payload as { timedOut: boolean }).timedOut, true);
    });

    it('sends the signal of msg.kill to the pid that is asked for, and to no other', async () => {
      await run({ command: 'sleep', args: ['60'] });
      flow.send('run');
      await flow.first('state', () => flow.all('state').length === 2);
      const pids = flow.all('state').map(({ payload }) => (payload as { pid: number }).pid);
      flow.send('run', { kill: 'TERM', pid: pids[1] });
      const { payload } = await flow.first('state', isState('exited'));
      assert.deepEqual(
        { ...(payload as object), seconds: 0 },
        { state: 'exited', pid: pids[1], code: null, signal: 'SIGTERM', seconds: 0, timedOut: false },
      );
      assert.ok(existsSync(`/proc/${pids[0]!}`));
    });

    it('signals the one process that msg.process names, and says so', async () => {
      await run({ command: 'sleep 61 & echo $!; wait $!; echo "ended $?"; sleep 62', shell: true });
      const { payload: line } = await flow.first('stdout');
      const pid = Number(line);
      await until(() => readProcessStat(pid)?.comm === 'sleep', 'the child to be sleep');
      const { startTime } = readProcessStat(pid)!;
      flow.send('run', { kill: 'SIGUSR2', process: { pid, startTime }, topic: 'mine', complete: true });
      const told = await flow.first('state', isState('signalled'));
      assert.deepEqual(told.payload, {
        state: 'signalled',
        pid,
        startTime,
        comm: 'sleep',
        signal: 'SIGUSR2',
      });
      assert.deepEqual(told.ftrace, { session: null, kind: 'signalled', pid });
      assert.deepEqual(
        [told.topic, told.kill, told.process, told.complete],
        ['mine', undefined, undefined, undefined],
      );
      // 128 and the number of SIGUSR2: only the child got it, and the command goes on.
      await flow.first('stdout', ({ payload }) => payload === 'ended 140');
      flow.send('run', { kill: true });
    });

    it('signals nobody for a msg.process without its start time', async () => {
      await run({ command: 'sleep', args: ['60'] });
      const { payload } = await flow.first('state', isState('started'));
      const { pid } = payload as { pid: number };
      for (const process of [null, {}, { pid }]) flow.send('run', { kill: 'SIGKILL', process });
      await flow.first('caught', () => flow.all('caught').length === 3);
      const codes = flow.all('caught').map((message) => (message as CaughtMessage).error.code);
      assert.deepEqual(codes, ['MESSAGE_INVALID', 'MESSAGE_INVALID', 'MESSAGE_INVALID']);
      // Whatever was sent before would have been first.
      flow.send('run', { kill: 'SIGUSR1' });
      const { payload: ended } = await flow.first('state', isState('exited'));
      assert.equal((ended as { signal: string }).signal, 'SIGUSR1');
    });

    it('refuses to signal a process that nobody here ran or traces', async () => {
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
      try {
        await once(stranger, 'spawn');
        const { startTime } = readProcessStat(stranger.pid!)!;
        await run({ command: 'true' }, { kill: 'SIGKILL', process: { pid: stranger.pid, startTime } });
        const { error } = await flow.caught();
        assert.equal(error.code, 'KILL_DENIED');
        assert.match(error.message, /ftraceLife\.mayKill: 'any'/);
        const exited = once(stranger, 'exit');
        stranger.kill('SIGTERM');
        assert.deepEqual(await exited, [null, 'SIGTERM']);
      } finally {
        stranger.kill('SIGKILL');
      }
    });

    it('refuses a msg.kill that is no signal', async () => {
      await run({ command: 'true' }, { kill: 'SIGNOTHING' });
      assert.equal((await flow.caught()).error.code, 'MESSAGE_INVALID');
    });

    it('refuses to run without a session where it needs one', async () => {
      await run({ command: 'true', needsSession: true });
      assert.equal((await flow.caught()).error.code, 'SESSION_UNKNOWN');
      assert.deepEqual(flow.all('state'), []);
    });

    it('passes a recorded trace on and runs nothing', async () => {
      const ftrace = { session: null, replay: '/some/trace', why: 'no permission' };
      await run({ command: 'true' }, { ftrace, topic: 'mine', colour: 'blue' });
      const message = await flow.first('state');
      assert.deepEqual(message.payload, { state: 'replaying', replay: '/some/trace', why: 'no permission' });
      assert.deepEqual(message.ftrace, { ...ftrace, kind: 'replaying' });
      assert.equal(message.colour, 'blue');
      assert.match((await flow.status('run', () => true)).text ?? '', /replaying/);
    });

    it('runs nothing for the answer to another action than arm', async () => {
      await run({ command: 'true' }, { topic: 'mine', ftrace: { session: null, kind: 'explain' } });
      flow.send('run', { topic: 'second' });
      await flow.first('state', isState('exited'));
      assert.ok(flow.all('state').every(({ topic }) => topic === 'second'));
    });

    it('leaves no process behind when it is deployed again, also one that ignores SIGTERM', async () => {
      await run({ command: "trap '' TERM; sleep 77 & echo ready; wait; sleep 78", shell: true });
      const { pid } = (await flow.first('state')).payload as { pid: number };
      await flow.first('stdout', ({ payload }) => payload === 'ready');
      await flow.stop();
      assert.ok(!existsSync(`/proc/${pid}`));
      flow = await RunningFlow.start([workload({ command: 'true' })]);
    });

    it('says what is wrong with its settings to each message', async () => {
      await run({ command: 'sleep', killSignal: 'SIGNOTHING' });
      assert.equal((await flow.caught()).error.code, 'CONFIG_INVALID');
    });
  });

  describe('with a session', function () {
    before(async function () {
      await needs(this, { tracefs: true });
    });

    const traced = async (settings: Record<string, unknown>): Promise<void> => {
      flow = await RunningFlow.start([
        { id: 'configure', type: 'ftrace-configure', topic: 'workload-test', wires: [['run', 'session']] },
        workload(settings),
        { id: 'source', type: 'trace-source', wires: [['events']] },
      ]);
      flow.send('configure');
    };

    it('names the session, the traced parent, and how the command ended', async () => {
      await traced({
        command: 'sleep',
        args: ['60'],
        killSignal: 'SIGUSR1',
        killAfter: '0.1',
        wires: [['state', 'source'], [], []],
      });
      const { payload: session } = await flow.first('session');
      const started = await flow.first('state', isState('started'));
      const { parentPid, traced: isTraced } = started.payload as { parentPid: number; traced: boolean };
      assert.equal(isTraced, true);
      assert.ok(parentPid > 1);
      assert.equal((started.ftrace as { session: string }).session, (session as { session: string }).session);
      const exited = await flow.first('state', isState('exited'));
      assert.equal((exited.payload as { signal: string }).signal, 'SIGUSR1');
      assert.equal(exited.topic, 'workload-test');
    });

    it('signals what a session traces, and never the traced parent', async () => {
      await traced({
        command: 'sh',
        args: ['-c', 'sleep 63 & echo $!; wait'],
        wires: [['state', 'source'], ['stdout'], []],
      });
      const { payload } = await flow.first('state', isState('started'));
      const { pid, startTime, parentPid } = payload as { pid: number; startTime: number; parentPid: number };
      assert.equal(startTime, readProcessStat(pid)!.startTime);
      const child = Number((await flow.first('stdout')).payload);
      for (const each of [parentPid, child]) {
        flow.send('run', {
          kill: 'TERM',
          process: { pid: each, startTime: readProcessStat(each)!.startTime },
        });
      }
      const told = await flow.first('state', isState('signalled'));
      assert.deepEqual((told.payload as { pid: number }).pid, child);
      const { error } = await flow.caught();
      assert.equal(error.code, 'KILL_DENIED');
      await flow.first('state', isState('exited'));
    });

    it('sends a command that does not exist to Catch, and leaves no instance behind', async () => {
      await traced({ command: '/no/such/program' });
      const { error } = await flow.caught();
      assert.equal(error.code, 'ENOENT');
      assert.equal(error.source.id, 'run');
    });
  });
});
