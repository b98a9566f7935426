/** What a session costs the rest of the machine: 3,000 short programs that are nobody's business of the session. */
import { spawn } from 'node:child_process';
import { armSession } from '../src/session/sessions';
import { DEFAULT_SETTINGS } from '../src/session/session-settings';
import { run } from './measure';
import type { Row } from './table';

const SPAWNS = 3000;
/** The best of so many, in turns: what else runs slows all three down. */
const ROUNDS = 3;

const LOOP = ['sh', '-c', `i=0; while [ $i -lt ${SPAWNS} ]; do /bin/true; i=$((i + 1)); done`];

/** @param senderHistory null: no session is armed */
async function secondsOfSpawns(senderHistory: boolean | null): Promise<number> {
  if (senderHistory === null) return (await run(LOOP)).seconds;
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  try {
    const session = await armSession({
      ...DEFAULT_SETTINGS,
      topic: 'bench spawns',
      senderHistory,
      attach: [stranger.pid!],
    });
    let events = 0;
    const reading = (async () => {
      // Nothing of what passes belongs to the tree but the stranger's own end.
      for await (const batch of session.batches()) events += batch.length;
    })();
    await session.attach();
    const { seconds } = await run(LOOP);
    await session.disarm();
    await reading;
    if (session.lost !== 0 || events > 100)
      throw new Error(`${session.lost} events lost, ${events} of others passed on`);
    return seconds;
  } finally {
    stranger.kill('SIGKILL');
  }
}

export async function spawnRows(): Promise<Row[]> {
  const kinds = [
    { tool: 'a session', senderHistory: true, result: 'it knows who everybody is' },
    { tool: 'a session, senderHistory off', senderHistory: false, result: 'signals only' },
    { tool: 'no session', senderHistory: null, result: 'nothing is traced' },
  ];
  const best = kinds.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { senderHistory }] of kinds.entries())
      best[i] = Math.min(best[i]!, await secondsOfSpawns(senderHistory));
  }
  return kinds.map(({ tool, result }, i) => ({ tool, seconds: best[i]!, result }));
}
