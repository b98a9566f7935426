/** From an event in the kernel to its batch on the main thread, of a process that does a little now and then. */
import { armSession, readSessionSettings, readWorkloadSettings } from '../src/index';
import type { Row } from './table';

const SCRIPT = 'n=0; while [ $n -lt 200 ]; do n=$((n + 1)); sleep 0.01; done';
const NS = 1e9;

/** Milliseconds, of numbers in ascending order. */
function percentile(delays: readonly number[], part: number): string {
  return (delays[Math.min(delays.length - 1, Math.floor(delays.length * part))] ?? NaN).toFixed(1);
}

export async function latencyRows(): Promise<Row[]> {
  const began = performance.now();
  const session = await armSession(readSessionSettings({ topic: 'latency', events: 'all' }));
  const delays: number[] = [];
  let inOrder = true;
  let last = 0;
  try {
    const batches = session.batches();
    const sinks = { stdout: (): void => undefined, stderr: (): void => undefined };
    await session.run(readWorkloadSettings({ command: 'sh', args: ['-c', SCRIPT] }), sinks);
    for await (const batch of batches) {
      const now = Number(process.hrtime.bigint()) / NS;
      for (const { ts } of batch) {
        delays.push((now - ts) * 1000);
        inOrder &&= ts >= last;
        last = ts;
      }
    }
  } finally {
    await session.disarm();
  }
  delays.sort((a, b) => a - b);
  const told = [
    `p50 ${percentile(delays, 0.5)} ms`,
    `p99 ${percentile(delays, 0.99)} ms`,
    `max ${percentile(delays, 1)} ms`,
  ];
  return [
    {
      tool: 'batches()',
      seconds: (performance.now() - began) / 1000,
      result: `${delays.length} events, ${told.join(', ')}, ${inOrder ? 'in order' : 'OUT OF ORDER'}`,
    },
  ];
}
