/*
 * Plays programs of process life: forks, threads, execs, masks, handlers, signals, stops, ptrace and exits, as a script
 * says. Each thread writes its own truth into a log: who it is, what it sent to whom, what it caught, what its waits
 * returned. The times are CLOCK_MONOTONIC, the ids those of the procfs mount, which are the trace's.
 *
 * lives SCRIPT LOG here|namespace PLAYERS
 *
 * SCRIPT has lines "program N", "block N" and "OPERATION [NUMBER...]", with at most four numbers. PLAYERS processes
 * share the programs. With `namespace` each player is the first process of a pid namespace of its own, and a program
 * may signal everybody (-1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROGRAMS 4096
#define MAX_BLOCKS 12
#define MAX_OPERATIONS 14
/* Descriptors that stay open in every program. */
#define STAGE_FD 100
#define LOG_FD 101
/* A program that has not ended by then is killed: some stop for ever. */
#define PROGRAM_MS 250

enum operation {
  OP_fork, OP_clone, OP_clone3, OP_vfork, OP_spawn, OP_thread, OP_exec, OP_execfail, OP_exit, OP_texit, OP_abort,
  OP_fault, OP_sleep, OP_wait, OP_waitblock, OP_mask, OP_action, OP_send, OP_sigwait, OP_signalfd, OP_itimer,
  OP_pdeath, OP_attach, OP_setpgid, OP_setsid, OP_core, OP_subreaper, OP_join, OP_forge, OP_suspend, OPERATIONS
};

static const char *const NAMES[OPERATIONS] = {
  "fork", "clone", "clone3", "vfork", "spawn", "thread", "exec", "execfail", "exit", "texit", "abort",
  "fault", "sleep", "wait", "waitblock", "mask", "action", "send", "sigwait", "signalfd", "itimer",
  "pdeath", "attach", "setpgid", "setsid", "core", "subreaper", "join", "forge", "suspend",
};

struct step { short operation; int n[4]; };
struct block { int steps; struct step step[MAX_OPERATIONS]; };
struct program { int id; int blocks; struct block block[MAX_BLOCKS]; };
/* Who plays a block: 0 until it began. Local numbers, as kill takes them. */
struct role { _Atomic int pid, tid; };

struct stage {
  _Atomic int next;
  int programs;
  int everybody;
  struct role role[MAX_PROGRAMS][MAX_BLOCKS];
  struct program program[MAX_PROGRAMS];
};

static struct stage *stage;
static int at_program;
static __thread sigjmp_buf jump;
static __thread volatile sig_atomic_t jump_ready;
static __thread pthread_t last_thread;
static __thread int has_thread;
static volatile sig_atomic_t handler_kind[65];
static volatile sig_atomic_t handler_code[65];

static int task(void) { return (int)syscall(SYS_gettid); }

/* The pid and tid that the whole machine knows; a namespace's own numbers say nothing in the trace. */
static void world(int *pid, int *tid) {
  char text[64];
  ssize_t size = readlink("/proc/thread-self", text, sizeof text - 1);
  *pid = *tid = 0;
  if (size <= 0) return;
  text[size] = 0;
  sscanf(text, "%d/task/%d", pid, tid);
}

static void say(const char *format, ...) {
  int keep = errno;
  char text[256];
  int pid, tid;
  struct timespec now;
  va_list rest;
  world(&pid, &tid);
  clock_gettime(CLOCK_MONOTONIC, &now);
  int size = snprintf(text, sizeof text, "%d %ld.%09ld %d %d ", stage->program[at_program].id, (long)now.tv_sec,
                      now.tv_nsec, pid, tid);
  va_start(rest, format);
  size += vsnprintf(text + size, sizeof text - size - 1, format, rest);
  va_end(rest);
  text[size++] = '\n';
  if (write(LOG_FD, text, size) != size) _exit(99);
  errno = keep;
}

static void caught(int number, siginfo_t *info, void *context) {
  (void)context;
  int keep = errno;
  int kind = handler_kind[number];
  say("caught %d %d %d", number, info->si_code, info->si_code <= 0 && info->si_code != SI_TIMER ? info->si_pid : 0);
  if (kind == 3) {
    say("exiting %d", handler_code[number]);
    _exit(handler_code[number]);
  }
  if (kind == 4) {
    sigset_t one;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(number, &plain, NULL);
    sigemptyset(&one);
    sigaddset(&one, number);
    say("sending %d 0 1 %d", number, task());
    int result = (int)syscall(SYS_tgkill, getpid(), task(), number);
    say("sent %d", result);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
  }
  if (kind == 5 && jump_ready) siglongjmp(jump, 1);
  errno = keep;
}

static void play(int block);

static void begin(int block) {
  struct role *role = &stage->role[at_program][block];
  role->tid = task();
  role->pid = getpid();
  say("born %d %d %d", block, getpid(), task());
  play(block);
}

static void finish(int code) {
  say("exiting %d", code);
  _exit(code);
}

static void *begin_thread(void *block) {
  say("thread");
  begin((int)(long)block);
  say("leaving");
  return NULL;
}

/* Shared with the file of programs: an exec plays on from the named block. */
static void run_again(int block) {
  char program[16], next[16];
  snprintf(program, sizeof program, "%d", at_program);
  snprintf(next, sizeof next, "%d", block);
  char *argv[] = {"lives", "@", program, next, NULL};
  say("execing %d", block);
  execve("/proc/self/exe", argv, environ);
  say("execed %d", errno);
}

static void short_sleep(long us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

/* The one who plays a block, when it has begun; a moment's patience, since it may only just have been forked. */
static int player(int block, int thread) {
  for (int turn = 0; turn < 20; turn++) {
    struct role *role = &stage->role[at_program][block];
    int pid = role->pid;
    if (pid != 0) return thread ? role->tid : pid;
    short_sleep(100);
  }
  return 0;
}

static void say_status(const char *call, int pid, int status) {
  if (WIFEXITED(status)) say("waited %s %d exited %d 0", call, pid, WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) say("waited %s %d killed %d %d", call, pid, WTERMSIG(status), !!WCOREDUMP(status));
  else if (WIFSTOPPED(status)) say("waited %s %d stopped %d %d", call, pid, WSTOPSIG(status), status >> 16);
  else say("waited %s %d continued 0 0", call, pid);
}

static void do_wait(int pid, int options, int call) {
  int flags = __WALL;
  if (options & 1) flags |= WNOHANG;
  if (options & 2) flags |= WUNTRACED;
  if (options & 4) flags |= WCONTINUED;
  if (call == 0) {
    int status;
    int got = wait4(pid, &status, flags, NULL);
    if (got > 0) say_status("wait4", got, status);
    return;
  }
  siginfo_t info = {0};
  if (options & 8) flags |= WNOWAIT;
  if (waitid(pid > 0 ? P_PID : P_ALL, pid > 0 ? pid : 0, &info, flags | WEXITED) != 0 || info.si_pid == 0) return;
  const char *verb = options & 8 ? "looked" : "waited";
  switch (info.si_code) {
  case CLD_EXITED: say("%s waitid %d exited %d 0", verb, info.si_pid, info.si_status); break;
  case CLD_KILLED: say("%s waitid %d killed %d 0", verb, info.si_pid, info.si_status); break;
  case CLD_DUMPED: say("%s waitid %d killed %d 1", verb, info.si_pid, info.si_status); break;
  case CLD_CONTINUED: say("%s waitid %d continued 0 0", verb, info.si_pid); break;
  default: say("%s waitid %d stopped %d 0", verb, info.si_pid, info.si_status);
  }
}

static void do_send(int number, int how, int whom, int block) {
  int pid = 0, tid = 0;
  switch (whom) {
  case 0: pid = tid = getpid(); break;
  case 1: pid = getpid(); tid = task(); break;
  case 2: pid = 0; how = 0; break;
  case 3:
    pid = tid = getppid();
    /* The player and what lies outside are not part of the program. */
    if (pid <= 1 || pid == stage->role[at_program][MAX_BLOCKS - 1].pid) return;
    break;
  case 4: pid = tid = player(block, 0); break;
  case 5: pid = player(block, 0); tid = player(block, 1); break;
  case 6:
    if (!stage->everybody) return;
    pid = -1;
    how = 0;
  }
  if (whom >= 3 && whom <= 5 && pid == 0) return;
  siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};
  info.si_pid = getpid();
  info.si_uid = getuid();
  long result = -1;
  say("sending %d %d %d %d", number, how, whom, whom == 2 || whom == 6 ? 0 : how == 1 || how == 2 || how == 4 ? tid : pid);
  switch (how) {
  case 0: result = kill(pid, number); break;
  case 1: result = syscall(SYS_tgkill, pid, tid, number); break;
  case 2: result = syscall(SYS_tkill, tid, number); break;
  case 3: result = syscall(SYS_rt_sigqueueinfo, pid, number, &info); break;
  case 4: result = syscall(SYS_rt_tgsigqueueinfo, pid, tid, number, &info); break;
  case 5: {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    result = fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, number, NULL, 0);
    if (fd >= 0) close(fd);
  }
  }
  say("sent %ld", result == 0 ? 0L : (long)-errno);
}

/* A SIGCHLD to oneself that says what the kernel alone may say. */
static void do_forge(int code, int status) {
  siginfo_t info = {.si_signo = SIGCHLD, .si_code = code};
  info.si_pid = getpid();
  info.si_status = status;
  say("forging %d", code);
  syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info);
}

static void do_action(int number, int kind, int flags, int code) {
  struct sigaction action = {0};
  if (kind == 0) action.sa_handler = SIG_DFL;
  else if (kind == 1) action.sa_handler = SIG_IGN;
  else {
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO;
  }
  if (flags & 1) action.sa_flags |= SA_RESTART;
  if (flags & 2) action.sa_flags |= SA_NODEFER;
  if (flags & 4) action.sa_flags |= SA_RESETHAND;
  if (flags & 8) action.sa_flags |= SA_NOCLDWAIT;
  handler_kind[number] = kind;
  handler_code[number] = code;
  sigaction(number, &action, NULL);
}

static void do_attach(int block, int kind) {
  int tid = player(block, 1);
  if (tid == 0 || tid == task()) return;
  if (kind & 1 ? ptrace(PTRACE_SEIZE, tid, 0, kind & 4 ? PTRACE_O_EXITKILL : 0) : ptrace(PTRACE_ATTACH, tid, 0, 0)) return;
  say("traced %d", tid);
  if (kind & 1) ptrace(PTRACE_INTERRUPT, tid, 0, 0);
  for (int turn = 0; turn < 40; turn++) {
    int status;
    int got = waitpid(tid, &status, __WALL | WNOHANG);
    if (got < 0) return;
    if (got == 0) {
      short_sleep(200);
      continue;
    }
    if (!WIFSTOPPED(status)) {
      say_status("ptrace", got, status);
      return;
    }
    int number = WSTOPSIG(status), event = status >> 16;
    say("stopped %d %d %d", tid, number, event);
    if (turn > 5 && (kind & 8)) {
      ptrace(PTRACE_DETACH, tid, 0, 0);
      return;
    }
    int pass = event != 0 || (number == SIGSTOP && !(kind & 1)) || number == SIGTRAP ? 0 : number;
    if (pass != 0 && (kind & 2)) {
      say("swallowed %d %d", tid, pass);
      pass = 0;
    }
    ptrace(PTRACE_CONT, tid, 0, (long)pass);
  }
  /* Ending without a detach lets go too, or kills with EXITKILL. */
}

static void wait_for(int number, long us, int by_descriptor) {
  sigset_t one;
  siginfo_t info;
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  sigemptyset(&one);
  sigaddset(&one, number);
  pthread_sigmask(SIG_BLOCK, &one, NULL);
  if (!by_descriptor) {
    if (sigtimedwait(&one, &info, &time) > 0) say("took %d %d %d", info.si_signo, info.si_code, info.si_pid);
    return;
  }
  int fd = signalfd(-1, &one, SFD_NONBLOCK | SFD_CLOEXEC);
  struct pollfd poll_it = {fd, POLLIN, 0};
  struct signalfd_siginfo read_it;
  if (poll(&poll_it, 1, (int)(us / 1000) + 1) > 0 && read(fd, &read_it, sizeof read_it) > 0)
    say("read %d %d %d", (int)read_it.ssi_signo, (int)read_it.ssi_code, (int)read_it.ssi_pid);
  close(fd);
}

static int child_stack_call(long flags, int number, int third) {
  if (!third) return (int)syscall(SYS_clone, flags | number, 0, 0, 0, 0);
  struct clone_args args = {.flags = (unsigned long long)flags, .exit_signal = (unsigned long long)number};
  return (int)syscall(SYS_clone3, &args, sizeof args);
}

static void fault(int kind) {
  say("faulting %d", kind);
  switch (kind) {
  case 0: *(volatile int *)8 = 1; break;
  case 1: __builtin_trap(); break;
  case 2: {
    volatile int zero = 0;
    zero = 1 / zero;
    break;
  }
  case 3: {
    int fd = memfd_create("short", 0);
    if (ftruncate(fd, 4096) != 0) return;
    volatile char *page = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    (void)page[5000];
    break;
  }
  default: __asm__ volatile("int3");
  }
}

static void step(const struct step *now) {
  const int *n = now->n;
  sigjmp_buf kept;
  int pid;
  switch (now->operation) {
  case OP_fork:
    if ((pid = fork()) == 0) begin(n[0]), finish(0);
    say("forked %d %d", pid, n[0]);
    break;
  case OP_clone:
  case OP_clone3:
    if ((pid = child_stack_call(n[1], n[2], now->operation == OP_clone3)) == 0) begin(n[0]), finish(0);
    say("forked %d %d", pid, n[0]);
    break;
  case OP_vfork:
    /* The child borrows this very memory: it may only exec, exit or be killed, and what it set is put back. */
    memcpy(&kept, &jump, sizeof kept);
    if ((pid = vfork()) == 0) begin(n[0]), finish(0);
    memcpy(&jump, &kept, sizeof kept);
    jump_ready = 1;
    say("forked %d %d", pid, n[0]);
    break;
  case OP_spawn: {
    char program[16], next[16];
    snprintf(program, sizeof program, "%d", at_program);
    snprintf(next, sizeof next, "%d", n[0]);
    char *argv[] = {"lives", "@", program, next, NULL};
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) == 0) say("forked %d %d", pid, n[0]);
    break;
  }
  case OP_thread:
    has_thread = pthread_create(&last_thread, NULL, begin_thread, (void *)(long)n[0]) == 0;
    break;
  case OP_join:
    if (has_thread) pthread_join(last_thread, NULL);
    has_thread = 0;
    break;
  case OP_exec: run_again(n[0]); break;
  case OP_execfail: {
    char *argv[] = {"none", NULL};
    execve("/nowhere/none", argv, environ);
    break;
  }
  case OP_exit: finish(n[0]); break;
  case OP_texit:
    say("leaving");
    syscall(SYS_exit, n[0]);
    break;
  case OP_abort: say("aborting"); abort();
  case OP_fault: fault(n[0]); break;
  case OP_sleep: short_sleep(n[0]); break;
  case OP_wait: do_wait(-1, n[0], n[1]); break;
  case OP_waitblock:
    if ((pid = player(n[0], 0)) > 0) do_wait(pid, n[1], n[2]);
    break;
  case OP_mask: {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, n[1]);
    pthread_sigmask(n[0] ? SIG_BLOCK : SIG_UNBLOCK, &one, NULL);
    break;
  }
  case OP_action: do_action(n[0], n[1], n[2], n[3]); break;
  case OP_send: do_send(n[0], n[1], n[2], n[3]); break;
  case OP_sigwait: wait_for(n[0], n[1], 0); break;
  case OP_signalfd: wait_for(n[0], n[1], 1); break;
  case OP_itimer: {
    struct itimerval once = {.it_value = {0, n[0]}};
    setitimer(n[1], &once, NULL);
    break;
  }
  case OP_pdeath: prctl(PR_SET_PDEATHSIG, n[0]); break;
  case OP_attach: do_attach(n[0], n[1]); break;
  case OP_setpgid: setpgid(0, 0); break;
  case OP_setsid: setsid(); break;
  case OP_core: {
    struct rlimit limit = {n[0] ? RLIM_INFINITY : 0, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &limit);
    break;
  }
  case OP_subreaper: prctl(PR_SET_CHILD_SUBREAPER, 1); break;
  case OP_forge: do_forge(n[0], n[1]); break;
  case OP_suspend: {
    struct timespec time = {0, n[0] * 1000L};
    sigset_t none;
    sigemptyset(&none);
    ppoll(NULL, 0, &time, &none);
  }
  }
}

static void play(int block) {
  const struct block *mine = &stage->program[at_program].block[block];
  for (volatile int at = 0; at < mine->steps; at++) {
    /* Where a handler jumps out, the next step is played. */
    if (sigsetjmp(jump, 1) == 0) {
      jump_ready = 1;
      step(&mine->step[at]);
    }
    jump_ready = 0;
  }
}

static void map_stage(void) {
  stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED, STAGE_FD, 0);
  if (stage == MAP_FAILED) _exit(98);
}

static void read_script(const char *file) {
  FILE *script = fopen(file, "re");
  char line[128], word[32];
  struct program *program = NULL;
  struct block *block = NULL;
  if (script == NULL) exit(97);
  while (fgets(line, sizeof line, script) != NULL) {
    struct step next = {0};
    int count = sscanf(line, "%31s %d %d %d %d", word, &next.n[0], &next.n[1], &next.n[2], &next.n[3]);
    if (count < 1 || word[0] == '#') continue;
    if (strcmp(word, "program") == 0) {
      if (stage->programs == MAX_PROGRAMS) exit(96);
      program = &stage->program[stage->programs++];
      program->id = next.n[0];
      block = NULL;
      continue;
    }
    if (program == NULL) exit(95);
    if (strcmp(word, "block") == 0) {
      if (next.n[0] < 0 || next.n[0] >= MAX_BLOCKS - 1) exit(94);
      block = &program->block[next.n[0]];
      continue;
    }
    for (next.operation = 0; next.operation < OPERATIONS; next.operation++)
      if (strcmp(word, NAMES[next.operation]) == 0) break;
    if (next.operation == OPERATIONS || block == NULL || block->steps == MAX_OPERATIONS) exit(93);
    block->step[block->steps++] = next;
  }
  fclose(script);
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whoever is left of a program is killed, and what they leave in turn, until there is nobody. */
static void end_rest(void) {
  char text[4096], file[64];
  int pid, tid;
  if (stage->everybody) {
    say("sending 9 0 6 0");
    kill(-1, SIGKILL);
    say("sent 0");
    return;
  }
  world(&pid, &tid);
  snprintf(file, sizeof file, "/proc/%d/task/%d/children", pid, tid);
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[size > 0 ? size : 0] = 0;
  for (char *next = text, *end; (pid = (int)strtol(next, &end, 10)) > 0; next = end) {
    say("sending 9 0 4 %d", pid);
    say("sent %d", kill(pid, SIGKILL) == 0 ? 0 : -errno);
  }
}

static void play_program(void) {
  stage->role[at_program][MAX_BLOCKS - 1].pid = getpid();
  say("program");
  int root = fork();
  if (root == 0) {
    setsid();
    begin(0);
    finish(0);
  }
  say("forked %d 0", root);
  long until = now_ms() + PROGRAM_MS;
  for (;;) {
    int status;
    int got = wait4(-1, &status, __WALL | WNOHANG, NULL);
    if (got > 0) say_status("wait4", got, status);
    else if (got < 0 && errno == ECHILD) break;
    else {
      if (now_ms() > until) {
        end_rest();
        until = now_ms() + 20;
      }
      short_sleep(200);
    }
  }
  say("ended");
}

static int play_all(void) {
  struct rlimit none = {0, RLIM_INFINITY};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (int next; (next = stage->next++) < stage->programs;) {
    at_program = next;
    play_program();
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "@") == 0) {
    map_stage();
    at_program = atoi(argv[2]);
    int block = atoi(argv[3]);
    say("became %d", block);
    begin(block);
    finish(0);
  }
  if (argc != 5) return 2;
  int memory = memfd_create("stage", 0);
  int log = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (memory < 0 || log < 0 || ftruncate(memory, sizeof *stage) != 0) return 1;
  if (dup2(memory, STAGE_FD) < 0 || dup2(log, LOG_FD) < 0) return 1;
  close(memory);
  close(log);
  map_stage();
  stage->everybody = strcmp(argv[3], "namespace") == 0;
  read_script(argv[1]);
  for (int player = atoi(argv[4]); player > 0; player--) {
    int pid = stage->everybody ? child_stack_call(CLONE_NEWPID, SIGCHLD, 0) : fork();
    if (pid == 0) _exit(play_all());
    if (pid < 0) return 1;
  }
  int failed = 0, status;
  while (wait(&status) > 0) failed |= status;
  return failed ? 1 : 0;
}
