import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseHeaderPage } from '../../src/readers/pages/page-layout';
import type { RingRows } from '../../src/readers/pages/row-merge';
import { PipePoll } from '../../src/session/pipe-poll';
import type { Pipe } from '../../src/session/reader-thread-protocol';
import { ControlFiles } from '../../src/tracefs/control-files';
import { Instance } from '../../src/tracefs/instance';
import { needs, skipLoudly } from '../harness/requirements';
import { compiled } from '../live/compiled';

const TRACEFS = '/sys/kernel/tracing';
/** Each makes two events; together they fill many parts. */
const CALLS = 100_000;
const SOURCE = `#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char gate;
  if (read(0, &gate, 1) != 1) return 1;
  for (long calls = atol(argv[1]); calls > 0; calls--) syscall(SYS_getppid);
  return 0;
}
`;

describe('the poll of the raw pipes', () => {
  let instance: Instance;
  let pipes: Pipe[] = [];
  before(async function () {
    await needs(this, { tracefs: true, gcc: true });
  });
  beforeEach(() => {
    instance = new Instance(TRACEFS, `ftrace-life-test-${process.pid}-poll`, new ControlFiles());
    instance.create('mono', 16_384);
    instance.filterByPid(true);
    instance.enable({ event: 'syscalls/sys_enter_getppid' });
    instance.enable({ event: 'syscalls/sys_exit_getppid' });
    pipes = instance.cpus().map((cpu) => ({
      fd: openSync(instance.rawPipe(cpu), constants.O_RDONLY | constants.O_NONBLOCK),
      cpu,
      instance: 0,
    }));
  });
  afterEach(async () => {
    for (const { fd } of pipes) closeSync(fd);
    await instance.remove();
  });

  function makePoll(): PipePoll {
    const layout = parseHeaderPage(readFileSync(path.join(TRACEFS, 'events/header_page'), 'utf8'), true);
    assert.ok(layout);
    return new PipePoll(pipes, { layout, stackId: -1 }, () => process.hrtime.bigint());
  }

  /** The calls of one process on one CPU, recorded while nobody reads. */
  async function record(cpu: number): Promise<void> {
    const program = compiled('calls', SOURCE);
    const child = spawn('taskset', ['-c', String(cpu), program, String(CALLS)], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    assert.ok(child.pid !== undefined);
    instance.follow(child.pid);
    instance.turn('on');
    child.stdin.end('x');
    await once(child, 'exit');
    instance.turn('off');
  }

  function lastTicks({ length, streams, stream, row }: RingRows): bigint {
    const columns = streams[stream[length - 1]!]!;
    return BigInt(columns.sec[row[length - 1]!]!) * 1_000_000_000n + BigInt(columns.nsec[row[length - 1]!]!);
  }

  for (const cpu of [0, 1]) {
    it(`comes to its end though CPU ${cpu} alone has everything, in parts of bounded size and in order`, async function () {
      if (!pipes.some((pipe) => pipe.cpu === cpu)) skipLoudly(this, `CPU ${cpu}: this machine has one alone`);
      await record(cpu);
      const reading = makePoll();
      let events = 0;
      let last = 0n;
      for (let turn = 0, isDrained = false; !isDrained; turn++) {
        assert.ok(turn < 200, 'it does not go on');
        isDrained = reading.poll();
        const { rows, lost, damage } = reading.flush(isDrained);
        assert.deepEqual([lost, damage], [[], []]);
        assert.ok(rows.length < 40_000, `a part of ${rows.length} events`);
        if (rows.length > 0) {
          assert.ok(lastTicks(rows) >= last);
          last = lastTicks(rows);
        }
        events += rows.length;
      }
      assert.equal(events, 2 * CALLS);
    });
  }

  it('gives nothing, and no part, where nothing was recorded', () => {
    const reading = makePoll();
    assert.equal(reading.poll(), true);
    const { rows, lost, damage } = reading.flush(true);
    assert.deepEqual([rows.length, lost, damage], [0, [], []]);
  });
});
