import { CaptureReader } from '../../src/readers/capture/capture-reader';
import { CaptureWriter } from '../../src/readers/capture/capture-writer';
import { RingReader } from '../../src/readers/pages/ring-reader';
import { composePage } from '../readers/compose-page';
import { contextOf, pagesOf, rawFile } from '../readers/raw-run';
import {
  kernelStack,
  schedProcessFork,
  signalGenerate,
  smallKernel,
  taskRename,
  tick,
} from '../readers/small-kernel';
import { checkBatch, piecesOf, type FuzzTarget } from './fuzz-target';
import type { Random } from './random';

function smallCapture(): Buffer {
  const context = smallKernel();
  const ring = new RingReader(context);
  const streams = [ring.addStream(0, 0), ring.addStream(3, 1)];
  const writer = new CaptureWriter(context);
  context.names.seed(100, 'bash');
  context.names.seedGroup(100, 100);
  const records = [
    tick(1),
    signalGenerate(9),
    kernelStack([0, 1, 2]),
    schedProcessFork(100, 101, 'bash'),
    taskRename(101, 'a.out'),
  ];
  for (const stream of streams)
    ring.push(
      stream,
      composePage(
        1000n,
        records.map((payload) => ({ delta: 7, payload })),
      ),
    );
  const first = writer.batch(ring.flush({ sec: 0, nsec: 1020 }));
  const note = { kind: 'trace', kernel: '7.3.4', clock: 'mono', cpus: 2 } as const;
  return Buffer.concat([writer.head(), first, writer.batch(ring.flush(null, [note]))]);
}

function recordedCapture(): Buffer {
  const context = contextOf('6.12');
  const ring = new RingReader(context);
  const stream = ring.addStream(0, 0);
  for (const page of pagesOf(rawFile('6.12', 'cpu0.raw')).slice(0, 2)) ring.push(stream, page);
  const writer = new CaptureWriter(context);
  return Buffer.concat([writer.head(), writer.batch(ring.flush(null))]);
}

function read(input: Buffer, random: Random): void {
  const reader = new CaptureReader();
  for (const piece of piecesOf(input, random)) checkBatch(reader.push(piece), input.length);
  checkBatch(reader.end(), input.length);
}

export const CAPTURES: FuzzTarget = {
  name: 'captures',
  good: () => [smallCapture(), smallCapture(), smallCapture(), recordedCapture()],
  read,
};
