import assert from 'node:assert/strict';
import { findOrigin, withoutMachinery } from '../../src/model/signal-origin';
import type { SignalEvidence } from '../../src/model/signal-origin';

const nothing: SignalEvidence = {
  number: 15,
  code: 0,
  stack: [],
  senderCall: null,
  inInterrupt: false,
  toItself: false,
  oomVictim: false,
};

describe('the origin of a signal', () => {
  const stacks: [string, string, string | null][] = [
    [
      '__send_signal do_send_sig_info kill_pid_info kill_something_info __x64_sys_kill do_syscall_64',
      'kill',
      '__x64_sys_kill',
    ],
    ['send_signal_locked kill_something_info.constprop.0 __arm64_sys_kill', 'kill', '__arm64_sys_kill'],
    ['send_signal_locked do_send_specific do_tkill __x64_sys_tgkill', 'tgkill', '__x64_sys_tgkill'],
    [
      'send_signal_locked do_rt_sigqueueinfo __x64_sys_rt_sigqueueinfo',
      'rt_sigqueue',
      '__x64_sys_rt_sigqueueinfo',
    ],
    [
      'send_signal_locked do_pidfd_send_signal __x64_sys_pidfd_send_signal',
      'pidfd',
      '__x64_sys_pidfd_send_signal',
    ],
    [
      '__send_signal_locked do_notify_parent do_exit do_group_exit __x64_sys_exit_group',
      'child',
      'do_notify_parent',
    ],
    ['__send_signal_locked do_notify_parent_cldstop do_signal_stop', 'child', 'do_notify_parent_cldstop'],
    [
      'do_send_sig_info __oom_kill_process oom_kill_process out_of_memory exc_page_fault',
      'oom',
      '__oom_kill_process',
    ],
    ['force_sig_info_to_task force_sig_fault exc_page_fault asm_exc_page_fault', 'fault', 'force_sig_fault'],
    ['__send_signal_locked it_real_fn __hrtimer_run_queues', 'timer', 'it_real_fn'],
    ['__send_signal_locked isig n_tty_receive_char __x64_sys_write', 'tty', 'isig'],
    ['__send_signal_locked cgroup_kill_write kernfs_fop_write_iter', 'cgroup', 'cgroup_kill_write'],
    ['__send_signal_locked forget_original_parent exit_notify do_exit', 'pdeath', 'forget_original_parent'],
    ['__send_signal_locked kill_orphaned_pgrp exit_notify do_exit', 'orphaned-pgrp', 'kill_orphaned_pgrp'],
    ['__send_signal_locked do_send_sig_info do_exit do_group_exit', 'pdeath', 'do_exit'],
    ['__send_signal_locked do_send_sig_info __kill_pgrp_info do_exit', 'orphaned-pgrp', 'do_exit'],
    ['__send_signal_locked zap_pid_ns_processes forget_original_parent', 'pidns', 'zap_pid_ns_processes'],
    ['force_sig_info_to_task __seccomp_filter __secure_computing', 'seccomp', '__seccomp_filter'],
    ['do_send_sig_info bpf_send_signal_common bpf_prog_1', 'bpf', 'bpf_send_signal_common'],
    ['__send_signal_locked ptrace_attach __x64_sys_ptrace', 'ptrace', 'ptrace_attach'],
  ];
  it('of SIGPIPE is the write that found nobody', () => {
    const stack = ['__send_signal_locked', 'do_send_sig_info', 'pipe_write', 'vfs_write'];
    assert.deepEqual(findOrigin({ ...nothing, number: 13, stack }), {
      origin: 'pipe',
      evidence: 'pipe_write',
    });
  });

  for (const [stack, origin, evidence] of stacks) {
    it(`is ${origin} under ${stack.split(' ').slice(-2).join(' ')}`, () => {
      assert.deepEqual(findOrigin({ ...nothing, stack: stack.split(' ') }), { origin, evidence });
    });
  }

  it('is read through offsets and addresses after a function’s name', () => {
    const stack = ['__send_signal_locked+0x12/0x400', '__x64_sys_kill+0x3a/0x50 <ffffffff810a2c3a>'];
    assert.equal(findOrigin({ ...nothing, stack }).origin, 'kill');
  });

  it('is the call that the sender is in, where no call trace was taken', () => {
    assert.equal(findOrigin({ ...nothing, senderCall: 'kill' }).origin, 'kill');
    assert.equal(findOrigin({ ...nothing, senderCall: 'kill', inInterrupt: true }).origin, 'kernel');
  });

  it('is unknown for a code of 0 alone', () => {
    assert.equal(findOrigin(nothing).origin, 'unknown');
  });

  const codes: [Partial<SignalEvidence>, string][] = [
    [{ code: -6 }, 'tgkill'],
    [{ code: -1 }, 'rt_sigqueue'],
    [{ code: -2 }, 'timer'],
    [{ number: 14, code: 128 }, 'timer'],
    [{ number: 1, code: 128 }, 'kernel'],
    [{ number: 11, code: 1 }, 'fault'],
    [{ number: 17, code: 2 }, 'child'],
    [{ number: 31, code: 1 }, 'seccomp'],
    [{ number: 13, code: 0, toItself: true }, 'pipe'],
    [{ number: 9, code: 128, oomVictim: true }, 'oom'],
  ];
  for (const [evidence, origin] of codes) {
    it(`is ${origin} for ${JSON.stringify(evidence)}`, () => {
      assert.equal(findOrigin({ ...nothing, ...evidence }).origin, origin);
    });
  }
});

describe('a call trace', () => {
  it('begins after the tracing machinery', () => {
    const stack = ['trace_event_raw_event_signal_deliver', '__traceiter_signal_deliver', 'get_signal'];
    assert.deepEqual(withoutMachinery(stack), ['get_signal']);
    assert.deepEqual(withoutMachinery(undefined), []);
  });
});
