/**
 * A thousand each of four signals, in a storm from inside and outside of the tree: the senders' own logs say how many
 * there must be, and the alerts say how many there were.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { signalName, signalNumber } from '../../src/kernel/signals';
import { Lifecycle } from '../../src/model/lifecycle';
import { AlertWatch, type Judgement } from '../../src/rules/watch/alert-watch';
import { readRuleSet } from '../../src/rules/language/rule-set';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import { armSession } from '../../src/session/sessions';
import { readWorkloadSettings } from '../../src/workload/workload-settings';
import { Inbox } from '../harness/deadline';
import { whyMissing, needs } from '../harness/requirements';
import { temporaryFolder } from '../harness/temporary-folder';
import { compiled } from '../live/compiled';
import { ownInstances } from '../live/tracing-state';

const NAMES = ['SIGUSR1', 'SIGTERM', 'SIGSEGV', 'SIGCHLD'] as const;
const EACH = 1000;
const HANDLE = 3;
const IGNORE = 2;
const DIE = 120;
/** Three inside, two outside. */
const SENDERS = 5;
const INSIDE = 3;
const MAX_MS = 60_000;

/** Only what the storm sent: a parent hears of its children too, and the targets' parent ends them in the end. */
const RULES = readRuleSet(
  NAMES.map((signal) => ({
    name: signal,
    when: { signal, code: 'SI_USER', target: { comm: 'storm-*' } },
    verdict: 'attention',
    repeats: { by: ['sender.pid', 'target.pid'], every: 0.01 },
  })),
);

/** Park and Miller's minimal generator: the same storm for a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** What each sender sends: lines of a signal's number and the index of its target. */
function plansFrom(seed: number): string[][] {
  const below = randomFrom(seed);
  const numbers = NAMES.flatMap((name) => Array<number>(EACH).fill(signalNumber(name)!));
  for (let at = numbers.length - 1; at > 0; at--) {
    const other = below(at + 1);
    [numbers[at], numbers[other]] = [numbers[other]!, numbers[at]!];
  }
  const plans = Array.from({ length: SENDERS }, (): string[] => []);
  let toDie = 0;
  for (const number of numbers) {
    // Each that dies of it gets one signal, so that nobody sends to what is gone.
    const dies = toDie < DIE && below(20) === 0;
    const index = dies ? HANDLE + IGNORE + toDie++ : below(HANDLE + IGNORE);
    plans[below(SENDERS)]!.push(`${number} ${index}`);
  }
  return plans;
}

type Counts = Record<string, number>;

function count(into: Counts, signal: string, sender: number, target: number, times = 1): void {
  const key = `${signal} from ${sender} to ${target}`;
  into[key] = (into[key] ?? 0) + times;
}

const total = (counts: Counts): number => Object.values(counts).reduce((sum, each) => sum + each, 0);
const sorted = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

describe('a storm of signals', function () {
  this.timeout(2 * MAX_MS);
  before(async function () {
    await needs(this, { root: true, tracefs: true, gcc: true });
  });
  after(() => {
    assert.deepEqual(ownInstances(), []);
  });

  for (const [seed, besideStrace] of [
    [1, false],
    [2, false],
    [3, true],
  ] as const) {
    const beside = besideStrace ? ', as strace counts it too' : '';
    it(`is counted by its alerts to the last signal${beside} (seed ${seed})`, async function () {
      if (besideStrace && (await whyMissing('strace')) !== undefined) await needs(this, { strace: true });
      const folder = temporaryFolder('storm');
      const program = compiled('storm', readFileSync('test/session/src/storm.c', 'utf8'));
      const plans = plansFrom(seed).map((lines, index) => {
        const file = path.join(folder, `plan-${index}`);
        writeFileSync(file, `${lines.join('\n')}\n`);
        return file;
      });
      const fifo = path.join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const log = path.join(folder, 'log');
      const logs = plans.map((_, index) => `${log}.${index}`);

      const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'storm', bufferKb: 16_384 });
      const alerts: Counts = {};
      let fatal = 0;
      const watch = new AlertWatch(RULES);
      const take = (judgements: readonly Judgement[]): void => {
        for (const judgement of judgements) {
          if (judgement.kind === 'passed') continue;
          const { rule, signal, count: times } = judgement.alert;
          if (!(NAMES as readonly string[]).includes(rule)) continue;
          count(alerts, rule, signal!.sender!.pid, signal!.target.tgid, times);
        }
      };
      try {
        const lifecycle = new Lifecycle({ source: 'raw' });
        const lines = new Inbox<string>();
        const batches = session.batches();
        const args = ['run', ...[HANDLE, IGNORE, DIE].map(String), fifo, log, ...plans.slice(0, INSIDE)];
        const settings = readWorkloadSettings({ command: program, args, timeLimitSeconds: MAX_MS / 1000 });
        const workload = await session.run(settings, {
          stdout: (line) => {
            lines.push(line);
          },
          stderr: (line) => {
            lines.push(line);
          },
        });
        const outside = async (): Promise<void> => {
          const said = await lines.first((line) => line.startsWith('targets '), MAX_MS, 'the targets');
          const pids = said.split(' ').slice(1);
          await Promise.all(
            plans.slice(INSIDE).map((plan, index) => {
              const send = [program, 'send', logs[INSIDE + index]!, plan, ...pids];
              const trace = ['strace', '-e', 'trace=kill', '-e', 'signal=none', '-o', `${plan}.strace`];
              const [command, ...rest] = besideStrace ? [...trace, ...send] : send;
              return promisify(execFile)(command!, rest, { timeout: MAX_MS });
            }),
          );
          // The targets' parent ends when it has been opened and closed.
          closeSync(openSync(fifo, 'w'));
        };
        const sending = outside();
        sending.catch(() => session.disarm());
        for await (const batch of batches) {
          for (const stage of lifecycle.apply(batch).stages) take(watch.stage(stage));
        }
        await sending;
        const end = await workload.ended;
        assert.deepEqual([end.code, end.timedOut], [0, false], lines.received.join('\n'));
        const { report, stages } = lifecycle.finish();
        for (const stage of stages) take(watch.stage(stage));
        take(watch.end(report.trace.end));
        assert.equal(report.trace.lost, 0);
        for (const signal of report.signals) {
          if (signal.fatal && signal.code === 'SI_USER' && signal.target.comm === 'storm-dies') fatal++;
        }
      } finally {
        await session.disarm();
      }

      const logged: Counts = {};
      let logLines = 0;
      for (const file of logs) {
        for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
          const [sender, number, target, errno] = line.split(' ').map(Number) as [
            number,
            number,
            number,
            number,
          ];
          logLines++;
          assert.equal(errno, 0, line);
          count(logged, signalName(number), sender, target);
        }
      }
      assert.equal(logLines, NAMES.length * EACH);
      assert.deepEqual(sorted(alerts), sorted(logged));
      assert.equal(total(alerts), NAMES.length * EACH);
      // Of those that die, each died once: of its own signal, or of the SIGKILL at the end where it got a SIGCHLD.
      assert.equal(fatal, DIE);
      assert.equal(watch.held, 0);
      if (besideStrace) {
        for (const [index, plan] of plans.slice(INSIDE).entries()) {
          const counted = readFileSync(`${plan}.strace`, 'utf8').match(/^kill\(\d+, SIG\w+\) += 0$/gm) ?? [];
          const own = readFileSync(logs[INSIDE + index]!, 'utf8')
            .trimEnd()
            .split('\n');
          assert.equal(counted.length, own.length);
        }
      }
    });
  }
});
