import assert from 'node:assert/strict';
import { RAW_KERNELS } from './raw-run';
import { fixture, kernelTraces, readText, recordingsOf } from './read-text';
import { tarFiles } from './tar-files';

/** What the kernel counted: each call trace is an entry of its own. */
function entriesOf(trace: ReturnType<typeof readText>): number {
  return trace.events.reduce((sum, event) => sum + (event.stack === undefined ? 1 : 2), 0);
}

function find(name: string, event: string): Record<string, unknown>[] {
  return readText(fixture(name))
    .events.filter((candidate) => candidate.name === event)
    .map((candidate) => candidate.fields);
}

describe('traces of stock kernels 6.1, 6.12 and 7.3', () => {
  for (const name of kernelTraces()) {
    it(`${name}: every line is explained, and the events are as many as the kernel counted`, () => {
      const text = fixture(name);
      const trace = readText(text);
      assert.deepEqual(trace.damage, []);
      const counted = /^# entries-in-buffer\/entries-written: (\d+)\//m.exec(text.toString('latin1'))?.[1];
      // trace_pipe has no header and latency format another one: there the lines are counted.
      const lines = text.toString('latin1').split('\n');
      const events = lines.filter((line) => line !== '' && !/^(?:#| => |CPU:)/.test(line)).length;
      assert.equal(entriesOf(trace), counted === undefined ? events : Number(counted));
    });
  }

  it('keep a file name that only the 7.3 kernel prints beside its pointer, with flags as numbers', () => {
    assert.deepEqual(
      find('kernels/7.3/recipe.txt', 'sys_enter_openat').find(
        (fields) => fields['__filename_val'] === '/etc/ld.so.cache',
      ),
      {
        dfd: 0xffffff9c,
        filename: 140367229989041,
        flags: 0o2000000,
        __filename_val: '/etc/ld.so.cache',
      },
    );
  });

  it('give the same open on 6.1, in bare hexadecimal, and the name by the probe', () => {
    const [open] = find('kernels/6.1/recipe.txt', 'sys_enter_openat');
    assert.deepEqual(Object.keys(open ?? {}), ['dfd', 'filename', 'flags', 'mode']);
    assert.equal(open?.['dfd'], 0xffffff9c);
    const [probe] = find('kernels/6.1/recipe.txt', 'do_sy_open');
    assert.equal(typeof probe?.['arg1'], 'string');
    assert.match(String(probe?.['__probe_ip']), /^do_sys_openat2\+0x0\/0x/);
  });

  it('give the failed lookups of exec as negative numbers', () => {
    for (const kernel of ['6.1', '6.12', '7.3']) {
      const failed = find(`kernels/${kernel}/exec_enoent.txt`, 'sys_exit_execve').map(
        (fields) => fields['ret'],
      );
      assert.ok(failed.includes(-2), `${kernel}: ${failed.join(' ')}`);
    }
  });

  it('give the thread group where record-tgid printed it', () => {
    const { events } = readText(fixture('kernels/6.12/tgid.txt'));
    const threads = events.filter((event) => event.tgid !== null && event.tgid !== event.pid);
    assert.deepEqual(
      new Set(threads.map((event) => `${event.comm} of ${event.tgid}`)),
      new Set(['w-one of 1167', 'w-two of 1167']),
    );
  });

  it('give whole ticks of the counter, and six decimals of the other clocks', () => {
    assert.deepEqual(
      readText(fixture('kernels/7.3/clock_counter.txt'))
        .events.slice(0, 3)
        .map((event) => event.ts),
      [3, 4, 5],
    );
    assert.equal(readText(fixture('kernels/7.3/recipe.txt')).at(0).ts, 3.358003);
  });

  it('say what was overwritten, from the header, and what was lost, from its lines', () => {
    assert.deepEqual(readText(fixture('kernels/7.3/lost_raw.txt')).lost, [
      { cpu: -1, ts: 31.535222, count: 39899 },
    ]);
    const text = fixture('kernels/6.12/lost.txt').toString('latin1');
    const { lost, events } = readText(fixture('kernels/6.12/lost.txt'));
    assert.deepEqual(
      lost.map((loss) => `CPU:${loss.cpu} [LOST ${loss.count} EVENTS]`),
      text.split('\n').filter((line) => line.startsWith('CPU:')),
    );
    for (const loss of lost) {
      assert.ok(events.some((event) => event.cpu === loss.cpu && event.ts === loss.ts));
    }
  });

  it('tell group_dead, the victim of the OOM killer, and a segmentation fault', () => {
    assert.deepEqual(find('kernels/7.3/life.txt', 'sched_process_exit')[0]?.['group_dead'], true);
    assert.equal(find('kernels/6.12/life.txt', 'sched_process_exit')[0]?.['group_dead'], undefined);
    assert.deepEqual(find('kernels/7.3/oom.txt', 'mark_victim'), [
      {
        pid: 806,
        comm: 'hog',
        total_vm: 27148,
        anon_rss: 24448,
        file_rss: 800,
        shmem_rss: 0,
        uid: 0,
        pgtables: 96,
        oom_score_adj: 0,
      },
    ]);
    assert.ok(find('kernels/6.1/segv.txt', 'signal_deliver').some((fields) => fields['sig'] === 11));
  });

  it('tell who was born, renamed and switched to, under the field names of the format files', () => {
    assert.deepEqual(find('kernels/7.3/life.txt', 'sched_process_fork')[0], {
      parent_comm: 'bash',
      parent_pid: 686,
      child_comm: 'bash',
      child_pid: 687,
    });
    assert.deepEqual(find('kernels/7.3/life.txt', 'task_newtask')[0]?.['clone_flags'], 0x1200000);
    const switches = find('kernels/6.1/sched_all.txt', 'sched_switch');
    // 0 is R, 1 is S, 0x80 is I, 0x100 is preempted.
    assert.ok(switches.every((fields) => typeof fields['prev_state'] === 'number'));
    assert.ok(switches.some((fields) => fields['prev_state'] === 1));
  });

  it('agree among the renderings of one run', () => {
    const sym = readText(fixture('kernels/7.3/formats_sym-addr.txt')).events;
    const fields = readText(fixture('kernels/7.3/formats_fields.txt')).events;
    const latency = readText(fixture('kernels/7.3/formats_latency-format.txt')).events;
    const verbose = readText(fixture('kernels/7.3/formats_verbose.txt')).events;
    const names = sym.map((event) => `${event.name} ${event.pid} ${event.cpu}`);
    assert.deepEqual(
      fields.map((event) => `${event.name} ${event.pid} ${event.cpu}`),
      names,
    );
    assert.deepEqual(
      latency.map((event) => `${event.name} ${event.pid} ${event.cpu}`),
      names,
    );
    assert.deepEqual(
      verbose.map((event) => `${event.name} ${event.pid} ${event.cpu}`),
      names,
    );
    // With sym-addr a probe's place has its address after it; only verbose prints the mode of a plain open.
    const comparable = (events: typeof sym): unknown[] =>
      events.map(({ fields: { __probe_ip: place, mode: _mode, ...others } }) => [
        String(place).split(' ')[0],
        others,
      ]);
    assert.deepEqual(comparable(latency), comparable(sym));
    assert.deepEqual(comparable(verbose), comparable(sym));
    const returns = (events: typeof sym): unknown[] => events.map((event) => event.fields['ret']);
    assert.deepEqual(returns(fields), returns(sym));
  });
});

describe('the other recordings of these kernels', () => {
  for (const kernel of RAW_KERNELS) {
    it(`${kernel}: every line of every trace is explained`, () => {
      const traces = tarFiles(recordingsOf(kernel, 'traces'), () => true);
      assert.ok(traces.size >= 19, `${traces.size} traces`);
      for (const [name, text] of traces) {
        const trace = readText(text);
        assert.deepEqual(trace.damage, [], name);
        assert.ok(trace.length > 5, name);
      }
    });
  }
});
