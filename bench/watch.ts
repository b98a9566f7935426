/**
 * What a watch over the whole machine costs: idle, beside 3,000 short programs, and how soon a death is known. "Idle" is
 * the machine as it is: what else runs on it sends signals too, and the number of events says how much there was.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { armSession } from '../src/session/sessions';
import { DEFAULT_SETTINGS } from '../src/session/session-settings';
import { readWatchSettings } from '../src/watch/watch-settings';
import { startWatch } from '../src/watch/watches';
import { run } from './measure';
import type { Row } from './table';

const IDLE_SECONDS = 60;
const SPAWNS = 3000;
/** The best of so many, in turns: what else runs slows both down. */
const ROUNDS = 3;
const DEATHS = 200;

const LOOP = ['sh', '-c', `i=0; while [ $i -lt ${SPAWNS} ]; do /bin/true; i=$((i + 1)); done`];
const HOST = readWatchSettings({ topic: 'bench watch' });

/** CPU seconds of this process, all threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function idle(
  what: string,
  begin: () => Promise<{ end: () => Promise<void>; events: () => number }>,
): Promise<Row> {
  const watching = await begin();
  // Arming, and reading who is there, is not idling.
  await sleep(2_000);
  const [cpu, events] = [cpuSeconds(), watching.events()];
  await sleep(IDLE_SECONDS * 1000);
  const used = cpuSeconds() - cpu;
  const seen = watching.events() - events;
  await watching.end();
  const share = ((used / IDLE_SECONDS) * 100).toFixed(2);
  return { tool: what, seconds: used, result: `${share} % of a CPU over ${IDLE_SECONDS} s, ${seen} events` };
}

const idleWatch = (): Promise<Row> =>
  idle('the whole machine watched', async () => {
    const watch = await startWatch(HOST);
    const reading = drain(watch.batches());
    return {
      events: () => watch.count.events,
      end: async () => {
        await watch.stop();
        await reading;
      },
    };
  });

const idleSession = (): Promise<Row> =>
  idle('a session attached to a sleeping process', async () => {
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    const session = await armSession({ ...DEFAULT_SETTINGS, topic: 'bench idle', attach: [stranger.pid!] });
    const reading = drain(session.batches());
    await session.attach();
    return {
      events: () => session.events,
      end: async () => {
        await session.disarm();
        await reading;
        stranger.kill('SIGKILL');
      },
    };
  });

/** Reads to the end, so that nothing waits for a reader. */
async function drain(batches: AsyncIterableIterator<unknown>): Promise<void> {
  while ((await batches.next()).done !== true);
}

async function spawnRows(): Promise<Row[]> {
  const best = { watched: Infinity, unwatched: Infinity };
  let told = '';
  for (let round = 0; round < ROUNDS; round++) {
    const watch = await startWatch(HOST);
    const reading = drain(watch.batches());
    const cpu = cpuSeconds();
    const { seconds } = await run(LOOP);
    const used = cpuSeconds() - cpu;
    const { events, lost } = watch.count;
    await watch.stop();
    await reading;
    if (seconds < best.watched) {
      best.watched = seconds;
      told = `${events} events, ${lost ?? '?'} lost, ${((used / seconds) * 100).toFixed(1)} % of a CPU`;
    }
    best.unwatched = Math.min(best.unwatched, (await run(LOOP)).seconds);
  }
  return [
    { tool: `${SPAWNS} programs, watched`, seconds: best.watched, result: told },
    { tool: `${SPAWNS} programs, not watched`, seconds: best.unwatched, result: `best of ${ROUNDS}` },
  ];
}

/** From the moment before kill(2) to the record in the reader's hands. */
async function deathRow(): Promise<Row> {
  const watch = await startWatch(HOST);
  const known = new Map<number, number>();
  const reading = (async () => {
    for await (const { records } of watch.batches()) {
      const now = performance.now();
      for (const { stage, pid } of records) if (stage === 'exit' && !known.has(pid)) known.set(pid, now);
    }
  })();
  const began = performance.now();
  const delays: number[] = [];
  for (let death = 0; death < DEATHS; death++) {
    const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(victim, 'spawn');
    // It comes when nothing else happens: each time the watch is asleep.
    await sleep(250);
    const killed = performance.now();
    victim.kill('SIGKILL');
    while (!known.has(victim.pid!)) await sleep(1);
    delays.push(known.get(victim.pid!)! - killed);
  }
  await watch.stop();
  await reading;
  delays.sort((a, b) => a - b);
  const at = (part: number): string => delays[Math.min(DEATHS - 1, Math.floor(DEATHS * part))]!.toFixed(1);
  return {
    tool: 'a death to its record',
    seconds: (performance.now() - began) / 1000,
    result: `${DEATHS} deaths, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
  };
}

export async function watchRows(): Promise<Row[]> {
  return [await idleWatch(), await idleSession()];
}

export async function watchedSpawnRows(): Promise<Row[]> {
  return spawnRows();
}

export async function watchedDeathRows(): Promise<Row[]> {
  return [await deathRow()];
}
