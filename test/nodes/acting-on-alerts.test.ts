/** The examples that act: what they start and signal is real. */
import assert from 'node:assert/strict';
import { NodeRedProcess } from '../harness/node-red-process';
import { needs } from '../harness/requirements';
import { isAlive, ownInstances } from '../live/tracing-state';
import { childrenOf, until } from '../editor/left-behind';
import { example, withSettings, withVariables } from './example-flows';

const RESTART = 'acting/1 Restart what was killed.json';
const WAKE = 'acting/2 Wake what was stopped.json';
const NOBODY = { uid: 65534, gid: 65534 };

interface State {
  readonly state: string;
  readonly pid: number;
  readonly signal: string | null;
  readonly code: number | null;
}

describe('the examples that act', function () {
  this.timeout(120_000);
  let nodeRed: NodeRedProcess;
  let flow: 'again' | 'act';

  const states = (state: string): State[] =>
    nodeRed.debugMessages
      .filter(({ id, value }) => id === `${flow}-state` && (value as State).state === state)
      .map(({ value }) => value as State);
  const nextState = async (state: string, count = 1): Promise<State> => {
    const isIt = (message: { id: string; value: unknown }): boolean =>
      message.id === `${flow}-state` && (message.value as State).state === state;
    return (await nodeRed.takeDebug(count, isIt, 30_000)).at(-1)!.value as State;
  };

  describe('where tracing is possible', () => {
    before(async function () {
      await needs(this, { tracefs: true });
      nodeRed = await NodeRedProcess.start();
    });
    // Absent where the hook above skipped.
    after(() => (nodeRed as NodeRedProcess | undefined)?.stop());
    afterEach(async () => {
      assert.deepEqual(childrenOf(nodeRed.pid), []);
      await until(() => ownInstances(nodeRed.pid).length === 0, 'the instances to be gone');
    });

    it('restart a command that is killed, three times and no more, and say who killed it each time', async () => {
      flow = 'again';
      await nodeRed.deploy(withSettings(example(RESTART), 'again-run', { killAfter: '0.2' }));
      await nodeRed.inject('again-start');
      const { value } = await nodeRed.nextDebug(({ id }) => id === 'again-givenUp', 60_000);
      assert.match(String(value), /^given up: \d+ ended by SIGKILL, after 3 restarts within 60 s$/);
      assert.equal(new Set(states('started').map(({ pid }) => pid)).size, 4);
      assert.deepEqual(
        states('exited').map(({ signal }) => signal),
        ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL'],
      );
      const alerts = await nodeRed.takeDebug(4, ({ id }) => id === 'again-alert');
      for (const alert of alerts)
        assert.match(String(alert.value), /^sleep \(\d+\) was killed \(SIGKILL\) by its parent/);
      await nodeRed.nextStatus('again-limit', ({ text }) => text === 'given up');
    });

    it('start it anew by the button after they gave up', async () => {
      await nodeRed.deploy(withVariables(example(RESTART), { RESTARTS: 0 }));
      for (const round of [1, 2]) {
        nodeRed.forget();
        await nodeRed.inject('again-start');
        await nodeRed.nextDebug(({ id }) => id === 'again-givenUp');
        assert.equal(states('started').length, 1, `round ${round}`);
      }
    });

    it('do not restart what is stopped by the button', async () => {
      await nodeRed.deploy(withSettings(example(RESTART), 'again-run', { killSignal: '' }));
      await nodeRed.inject('again-start');
      const { pid } = await nextState('started');
      await nodeRed.inject('again-stop');
      assert.equal((await nextState('exited')).signal, 'SIGTERM');
      await nodeRed.nextStatus('again-limit', ({ text }) => text === 'ended: SIGTERM');
      await nodeRed.nextStatus('again-configure', ({ text }) => text === 'ended');
      assert.deepEqual([states('started').length, isAlive(pid)], [1, false]);
    });

    it('do not restart what ends well', async () => {
      await nodeRed.deploy(
        withSettings(example(RESTART), 'again-run', { killSignal: '', command: 'true', args: [] }),
      );
      await nodeRed.inject('again-start');
      assert.equal((await nextState('exited')).code, 0);
      await nodeRed.nextStatus('again-limit', ({ text }) => text === 'ended: code 0');
      assert.equal(states('started').length, 1);
    });

    it('wake the process that an alert says was stopped, and no other', async () => {
      flow = 'act';
      await nodeRed.deploy(example(WAKE));
      await nodeRed.inject('act-inject');
      const { pid } = await nextState('started');
      const { value } = await nodeRed.nextDebug(({ id }) => id === 'act-done');
      const { state, pid: to, comm, signal } = value as State & { comm: string };
      assert.deepEqual([state, to, comm, signal], ['signalled', pid, 'sleep', 'SIGCONT']);
      const exited = await nextState('exited');
      assert.deepEqual([exited.pid, exited.code], [pid, 0]);
    });
  });

  it('touch nobody for a recorded trace', async function () {
    await needs(this, { root: true });
    nodeRed = await NodeRedProcess.start({ user: NOBODY });
    try {
      await nodeRed.deploy([...example(RESTART), ...example(WAKE)]);
      await nodeRed.inject('again-start');
      await nodeRed.inject('act-inject');
      for (const id of ['again-alert', 'act-alert']) {
        const { value } = await nodeRed.nextDebug((message) => message.id === id);
        assert.match(String((value as { text?: string }).text ?? value), /was killed \(SIGKILL\)/);
      }
      await nodeRed.nextStatus('again-limit', ({ text }) => text === 'recorded: not run');
      await nodeRed.nextStatus('act-whom', ({ text }) => text === 'SIGKILL: nothing to do');
      assert.deepEqual(childrenOf(nodeRed.pid), []);
    } finally {
      await nodeRed.stop();
    }
  });
});
