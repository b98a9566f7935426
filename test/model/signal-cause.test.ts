/** Call traces as Linux 5.10 to 7.3 print them, innermost first, and what they say for a person. */
import assert from 'node:assert/strict';
import { causeOfSignal, withTerminal } from '../../src/model/signal-cause';
import { findOrigin } from '../../src/model/signal-origin';

interface Sent {
  readonly number: number;
  readonly code: number;
  readonly stack: string;
  readonly terminal?: string;
  readonly sender?: string;
  readonly toItself?: boolean;
}

function told({ number, code, stack, terminal, sender, toItself = false }: Sent): [string, string | null] {
  const frames = stack.split(' ');
  const evidence = {
    number,
    code,
    stack: frames,
    senderCall: null,
    inInterrupt: false,
    toItself,
    oomVictim: false,
  };
  const { origin } = findOrigin(evidence);
  const cause = causeOfSignal({
    number,
    code,
    origin,
    stack: frames,
    sender: sender ?? null,
    toItself,
  });
  return [origin, cause !== null && terminal !== undefined ? withTerminal(cause, terminal) : cause];
}

const SEND = '__send_signal_locked do_send_sig_info';
const KEY = `${SEND} __kill_pgrp_info kill_pgrp isig n_tty_receive_signal_char n_tty_receive_buf_standard flush_to_ldisc process_one_work worker_thread kthread`;
const TCP =
  'tcp_rcv_established tcp_v4_do_rcv process_backlog net_rx_action handle_softirqs do_softirq tcp_sendmsg_locked tcp_sendmsg __x64_sys_sendto';
const AT_EXIT = 'do_exit do_group_exit __x64_sys_exit_group x64_sys_call do_syscall_64';

const CASES: readonly (readonly [string, Sent, string, string | null])[] = [
  ['Ctrl-C', { number: 2, code: 128, stack: KEY, terminal: 'pts/3' }, 'tty', 'Ctrl-C on pts/3'],
  [
    'Ctrl-C on a terminal without a name',
    { number: 2, code: 128, stack: KEY },
    'tty',
    'Ctrl-C on its terminal',
  ],
  ['Ctrl-\\', { number: 3, code: 128, stack: KEY, terminal: 'tty1' }, 'tty', 'Ctrl-\\ on tty1'],
  ['Ctrl-Z', { number: 20, code: 128, stack: KEY }, 'tty', 'Ctrl-Z on its terminal'],
  [
    'a terminal that its emulator closes',
    {
      number: 1,
      code: 128,
      stack:
        '__send_signal_locked tty_signal_session_leader __tty_hangup.part.0 tty_release __fput __x64_sys_close',
      terminal: 'pts/3',
      sender: 'sshd (77)',
    },
    'tty',
    'its terminal pts/3 was closed by sshd (77)',
  ],
  [
    'vhangup',
    {
      number: 1,
      code: 128,
      stack: '__send_signal_locked tty_signal_session_leader __tty_hangup tty_vhangup_self __do_sys_vhangup',
      toItself: true,
    },
    'tty',
    'its terminal was hung up',
  ],
  [
    'a session leader that ends',
    {
      number: 1,
      code: 128,
      stack: `${SEND} __kill_pgrp_info kill_pgrp disassociate_ctty ${AT_EXIT}`,
      sender: 'sh (5)',
    },
    'tty',
    'the leader of its session ended: sh (5)',
  ],
  [
    'a window that changes its size',
    {
      number: 28,
      code: 128,
      stack: `${SEND} __kill_pgrp_info kill_pgrp tty_do_resize tty_ioctl __x64_sys_ioctl`,
      sender: 'tmux (9)',
    },
    'tty',
    'the window of its terminal was resized by tmux (9)',
  ],
  [
    'a read in the background',
    {
      number: 21,
      code: 128,
      stack: `${SEND} __kill_pgrp_info kill_pgrp __tty_check_change n_tty_read`,
      toItself: true,
    },
    'tty',
    'it read from its terminal in the background',
  ],
  [
    'an orphaned process group',
    { number: 1, code: 128, stack: `${SEND} __kill_pgrp_info kill_orphaned_pgrp ${AT_EXIT}` },
    'orphaned-pgrp',
    'its process group was orphaned while it was stopped',
  ],
  [
    'data in a pipe with O_ASYNC',
    { number: 29, code: 128, stack: `${SEND} send_sigio kill_fasync anon_pipe_write vfs_write ksys_write` },
    'kernel',
    'its pipe is ready or was closed (O_ASYNC)',
  ],
  [
    'data in a socket with F_SETSIG',
    {
      number: 10,
      code: 1,
      stack: `${SEND} send_sigio_to_task send_sigio kill_fasync sock_wake_async sock_def_readable unix_stream_sendmsg`,
    },
    'kernel',
    'its socket is ready or was closed (O_ASYNC)',
  ],
  [
    'data from the network',
    {
      number: 29,
      code: 128,
      stack: `${SEND} send_sigio kill_fasync sock_wake_async sock_def_readable ${TCP}`,
    },
    'kernel',
    'its socket is ready or was closed (O_ASYNC)',
  ],
  [
    'urgent data',
    { number: 23, code: 128, stack: `${SEND} send_sigurg sk_send_sigurg tcp_urg ${TCP}` },
    'kernel',
    'urgent data on its socket',
  ],
  [
    'a lease that is broken',
    {
      number: 29,
      code: 128,
      stack: `${SEND} send_sigio kill_fasync lease_break_callback __break_lease do_dentry_open`,
    },
    'kernel',
    'a lease that it holds is being broken',
  ],
  [
    'dnotify',
    {
      number: 35,
      code: 3,
      stack: `${SEND} send_sigio_to_task send_sigio dnotify_handle_event fsnotify path_openat`,
    },
    'kernel',
    'a directory that it watches has changed',
  ],
  [
    'inotify with O_ASYNC',
    {
      number: 29,
      code: 128,
      stack: `${SEND} send_sigio kill_fasync fsnotify_insert_event inotify_handle_inode_event`,
    },
    'kernel',
    'a file that it watches has changed',
  ],
  [
    'a performance counter',
    {
      number: 29,
      code: 128,
      stack: `${SEND} send_sigio kill_fasync perf_event_wakeup perf_pending_irq irq_work_run_list`,
    },
    'kernel',
    'its performance counter overflowed',
  ],
  [
    'mq_notify',
    { number: 12, code: -3, stack: `${SEND} __do_notify do_mq_timedsend __x64_sys_mq_timedsend` },
    'kernel',
    'a message arrived in its queue (mq_notify)',
  ],
  [
    'a pipe that nobody reads',
    { number: 13, code: 0, stack: `${SEND} anon_pipe_write vfs_write ksys_write`, toItself: true },
    'pipe',
    'it wrote to a pipe that nobody reads',
  ],
  [
    'a pipe that nobody reads, by sendfile',
    {
      number: 13,
      code: 0,
      stack: `${SEND} wait_for_space splice_file_to_pipe do_sendfile __x64_sys_sendfile64`,
    },
    'pipe',
    'it wrote to a pipe that nobody reads',
  ],
  [
    'a socket that is closed',
    { number: 13, code: 0, stack: `${SEND} unix_stream_sendmsg sock_write_iter vfs_write`, toItself: true },
    'pipe',
    'it wrote to a socket whose other end is closed',
  ],
  [
    'a TCP connection that is closed',
    { number: 13, code: 0, stack: `${SEND} sk_stream_error tcp_sendmsg_locked tcp_sendmsg __sys_sendto` },
    'pipe',
    'it wrote to a socket whose other end is closed',
  ],
  [
    'RLIMIT_CPU',
    {
      number: 24,
      code: 128,
      stack: '__send_signal_locked posix_cpu_timers_work task_work_run',
      toItself: true,
    },
    'timer',
    'it used more processor time than its limit (RLIMIT_CPU)',
  ],
  [
    'the hard limit of RLIMIT_CPU',
    {
      number: 9,
      code: 128,
      stack: '__send_signal_locked run_posix_cpu_timers update_process_times',
      toItself: true,
    },
    'timer',
    'it used more processor time than its hard limit (RLIMIT_CPU)',
  ],
  [
    'RLIMIT_FSIZE',
    { number: 25, code: 0, stack: `${SEND} generic_write_check_limits generic_write_checks`, toItself: true },
    'kernel',
    'it wrote past its file size limit (RLIMIT_FSIZE)',
  ],
  [
    'alarm',
    {
      number: 14,
      code: 128,
      stack: `${SEND} kill_pid_info_type it_real_fn __hrtimer_run_queues asm_sysvec_apic_timer_interrupt`,
    },
    'timer',
    'its alarm() or setitimer() expired',
  ],
  [
    'timer_create',
    { number: 10, code: -2, stack: 'posixtimer_send_sigqueue posix_timer_fn __hrtimer_run_queues' },
    'timer',
    'a timer of timer_create() expired',
  ],
  [
    'a timer in an interrupt of a kill: the kill has no part in it',
    {
      number: 14,
      code: 128,
      stack: `${SEND} it_real_fn __hrtimer_run_queues asm_sysvec_apic_timer_interrupt kill_something_info __x64_sys_kill`,
    },
    'timer',
    'its alarm() or setitimer() expired',
  ],
  [
    'a parent that dies',
    { number: 15, code: 0, stack: `${SEND} ${AT_EXIT}`, sender: 'java (12)' },
    'pdeath',
    "its parent's thread java (12) ended (PR_SET_PDEATHSIG)",
  ],
  [
    'the limit of a memory cgroup',
    {
      number: 9,
      code: 128,
      stack: `${SEND} __oom_kill_process oom_kill_process out_of_memory mem_cgroup_out_of_memory`,
    },
    'oom',
    'the OOM killer: its memory cgroup is at its limit',
  ],
  [
    'rt_tgsigqueueinfo, which shares do_send_specific with tgkill',
    { number: 10, code: -1, stack: `${SEND} do_send_specific __x64_sys_rt_tgsigqueueinfo do_syscall_64` },
    'rt_sigqueue',
    null,
  ],
  [
    'tgkill',
    { number: 10, code: -6, stack: `${SEND} do_send_specific __x64_sys_tgkill do_syscall_64` },
    'tgkill',
    null,
  ],
  [
    'tgkill of a 32-bit program',
    {
      number: 10,
      code: -6,
      stack: `${SEND} do_send_specific do_tkill __ia32_sys_tgkill do_int80_syscall_32`,
    },
    'tgkill',
    null,
  ],
  [
    'sigqueue of a 32-bit program',
    {
      number: 10,
      code: -1,
      stack: `${SEND} kill_pid_info do_rt_sigqueueinfo __ia32_compat_sys_rt_sigqueueinfo`,
    },
    'rt_sigqueue',
    null,
  ],
  [
    'a queued signal of a library, with a code of its own',
    {
      number: 10,
      code: -60,
      stack: `${SEND} kill_pid_info_type do_rt_sigqueueinfo __x64_sys_rt_sigqueueinfo`,
    },
    'rt_sigqueue',
    null,
  ],
];

describe('why the kernel sent a signal', () => {
  for (const [what, sent, origin, cause] of CASES) {
    it(`is given for ${what}`, () => {
      assert.deepEqual(told(sent), [origin, cause]);
    });
  }
});
