/** What an administrator writes into settings.js decides whom a flow may signal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readProcessStat } from '../../src/index';
import { NodeRedProcess, type FlowNode } from '../harness/node-red-process';

/** Sends SIGUSR1 to a process, and shows what became of it. */
function flow(process: { pid: number; startTime: number }): FlowNode[] {
  const props = [
    { p: 'kill', v: 'SIGUSR1', vt: 'str' },
    { p: 'process', v: JSON.stringify(process), vt: 'json' },
  ];
  const show = (id: string, complete: string): FlowNode => ({
    id,
    type: 'debug',
    z: 'signal-tab',
    active: true,
    tosidebar: true,
    complete,
    wires: [],
  });
  return [
    { id: 'signal-tab', type: 'tab', label: 'signal' },
    { id: 'press', type: 'inject', z: 'signal-tab', props, wires: [['run']] },
    {
      id: 'run',
      type: 'run-workload',
      z: 'signal-tab',
      command: 'true',
      commandType: 'str',
      wires: [['sent'], [], []],
    },
    { id: 'caught', type: 'catch', z: 'signal-tab', scope: null, uncaught: false, wires: [['error']] },
    show('sent', 'payload.state'),
    show('error', 'error.code'),
  ];
}

describe('ftraceLife.mayKill in settings.js', function () {
  this.timeout(60_000);
  const cases: [string, Record<string, unknown>, unknown][] = [
    ['that says nothing', {}, 'KILL_DENIED'],
    ['"own"', { mayKill: 'own' }, 'KILL_DENIED'],
    ['"none"', { mayKill: 'none' }, 'KILL_DENIED'],
    ['"any"', { mayKill: 'any' }, 'signalled'],
    ['that cannot be meant', { mayKill: 'everybody' }, 'CONFIG_INVALID'],
    ['that is misspelt', { mayKil: 'any' }, 'CONFIG_INVALID'],
  ];
  for (const [name, ftraceLife, expected] of cases) {
    it(`${name}: a stranger's process is ${expected === 'signalled' ? 'signalled' : `left alone, ${String(expected)}`}`, async () => {
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(stranger, 'spawn');
      const exited = once(stranger, 'exit');
      const pid = stranger.pid!;
      const { startTime } = readProcessStat(pid)!;
      const nodeRed = await NodeRedProcess.start({
        flows: flow({ pid, startTime }),
        settings: { ftraceLife },
      });
      try {
        await nodeRed.inject('press');
        const { value } = await nodeRed.nextDebug(({ id }) => id === 'sent' || id === 'error');
        assert.equal(value, expected);
        // Whatever was sent before would have been first.
        stranger.kill('SIGTERM');
        assert.deepEqual(await exited, [null, expected === 'signalled' ? 'SIGUSR1' : 'SIGTERM']);
      } finally {
        stranger.kill('SIGKILL');
        await nodeRed.stop();
      }
    });
  }
});
