import assert from 'node:assert/strict';
import { fixture, readText } from './read-text';

describe('the walk-through, as a 4.x kernel prints it', () => {
  const trace = readText(fixture('walkthrough.txt'));
  const bodies = trace.events.map(({ ts, pid, comm, name, fields }) => [ts, `${comm}-${pid}`, name, fields]);

  it('is read without a rest', () => {
    assert.deepEqual(trace.damage, []);
    assert.deepEqual(trace.lost, []);
    assert.equal(trace.length, 18);
  });

  it('shows the fork and the exec under the names of the kernel, with numbers', () => {
    assert.deepEqual(bodies.slice(0, 5), [
      [
        9978.187414,
        'bash-4994',
        'sys_enter_clone',
        {
          clone_flags: 0x1200011,
          newsp: 0,
          parent_tidptr: 0,
          child_tidptr: 0x7ff16d9dce50,
          tls: 0x7ff16d9dcb80,
        },
      ],
      [9978.187638, 'bash-4994', 'sys_exit_clone', { ret: 5441 }],
      [9978.187715, 'a.out-5441', 'sys_exit_clone', { ret: 0 }],
      [
        9978.18795,
        'a.out-5441',
        'sys_enter_execve',
        { filename: 0x55f326ddedc0, argv: 0x55f326dded40, envp: 0x55f326de3010 },
      ],
      [9978.188246, 'a.out-5441', 'sys_exit_execve', { ret: 0 }],
    ]);
  });

  it('shows the library: the open, its name from the probe, and where it is mapped', () => {
    assert.deepEqual(bodies.slice(5, 10), [
      [
        9978.188347,
        'a.out-5441',
        'sys_enter_openat',
        { dfd: '0xffffffffffffff9c', filename: 0x7fef047cacc0, flags: 0x80000, mode: 0 },
      ],
      [
        9978.18835,
        'a.out-5441',
        'do_sy_open',
        { __probe_ip: 'do_sys_open+0x0/0x260', arg1: '/lib64/libc.so.6' },
      ],
      [9978.188353, 'a.out-5441', 'sys_exit_openat', { ret: 3 }],
      [
        9978.188361,
        'a.out-5441',
        'sys_enter_mmap',
        { addr: 0, len: 0x3ba778, prot: 5, flags: 0x802, fd: 3, off: 0 },
      ],
      [9978.188365, 'a.out-5441', 'sys_exit_mmap', { ret: 0x7fef041e8000 }],
    ]);
  });

  it('shows each signal with its call trace, under the field names of the format file', () => {
    const signals = trace.events.slice(10, 16).map(({ name, fields, stack }) => [name, fields, stack]);
    assert.deepEqual(signals, [
      ['sys_enter_kill', { pid: 5441, sig: 9 }, undefined],
      [
        'signal_generate',
        { sig: 9, errno: 0, code: 0, comm: 'a.out', pid: 5441, group: 1, result: 0 },
        [
          '__send_signal',
          'do_send_sig_info',
          'kill_pid_info',
          'kill_something_info',
          '__x64_sys_kill',
          'do_syscall_64',
          'entry_SYSCALL_64_after_hwframe',
        ],
      ],
      ['sys_exit_kill', { ret: 0 }, undefined],
      [
        'signal_deliver',
        { sig: 9, errno: 0, code: 0, sa_handler: 0, sa_flags: 0 },
        [
          'get_signal',
          'do_signal',
          'exit_to_usermode_loop',
          'prepare_exit_to_usermode',
          'swapgs_restore_regs_and_return_to_usermode',
        ],
      ],
      [
        'signal_generate',
        { sig: 17, errno: 0, code: 2, comm: 'bash', pid: 4994, group: 1, result: 0 },
        [
          '__send_signal',
          'do_notify_parent',
          'do_exit',
          'do_group_exit',
          'get_signal',
          'do_signal',
          'exit_to_usermode_loop',
          'prepare_exit_to_usermode',
          'swapgs_restore_regs_and_return_to_usermode',
        ],
      ],
      [
        'signal_deliver',
        { sig: 17, errno: 0, code: 2, sa_handler: 0x55f324e07ad0, sa_flags: 0x14000000 },
        undefined,
      ],
    ]);
  });

  it('shows the wait that reaps', () => {
    assert.deepEqual(bodies.slice(16), [
      [
        9992.17113,
        'bash-4994',
        'sys_enter_wait4',
        { upid: '0xffffffffffffffff', stat_addr: 0x7ffca9253250, options: 0xb, ru: 0 },
      ],
      [9992.171197, 'bash-4994', 'sys_exit_wait4', { ret: 5441 }],
    ]);
  });
});
