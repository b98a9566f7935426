/* Children that end by what they did, by timers, and by signals that waited for them. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void count(int signal) {
  (void)signal;
  caught++;
}

static void block(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(how, &set, NULL);
}

static void no_mapping(void) { *(volatile int *)8 = 1; }

static void no_permission(void) {
  volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *page = 1;
}

static void no_page(void) {
  char name[] = "/tmp/ftrace-life-ends-XXXXXX";
  int file = mkstemp(name);
  unlink(name);
  volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  *page = 1;
}

static void no_instruction(void) { __builtin_trap(); }

static void in_handler(void) {
  signal(SIGSEGV, count);
  raise(SIGSEGV);
  _exit(caught);
}

static void aborted(void) { abort(); }
static void raised(void) { raise(SIGTERM); }

static void no_reader(void) {
  int ends[2];
  if (pipe(ends) != 0) _exit(90);
  close(ends[0]);
  if (write(ends[1], "x", 1) < 0) _exit(91);
}

static void alarmed(void) {
  struct itimerval soon = {.it_value.tv_usec = 2000};
  setitimer(ITIMER_REAL, &soon, NULL);
  for (;;) pause();
}

static void timed(void) {
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct itimerspec soon = {.it_value.tv_nsec = 2000000};
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &soon, NULL);
  for (;;) pause();
}

/* Three of the same, and one of a real-time signal twice: one and two arrive. */
static void pending(void) {
  signal(SIGUSR1, count);
  signal(SIGRTMIN, count);
  block(SIG_BLOCK, SIGUSR1);
  block(SIG_BLOCK, SIGRTMIN);
  for (int i = 0; i < 3; i++) kill(getpid(), SIGUSR1);
  union sigval value = {0};
  for (int i = 0; i < 2; i++) sigqueue(getpid(), SIGRTMIN, value);
  block(SIG_UNBLOCK, SIGUSR1);
  block(SIG_UNBLOCK, SIGRTMIN);
  _exit(caught);
}

static void never_delivered(void) {
  block(SIG_BLOCK, SIGTERM);
  kill(getpid(), SIGTERM);
  _exit(22);
}

static void delivered_late(void) {
  block(SIG_BLOCK, SIGTERM);
  kill(getpid(), SIGTERM);
  block(SIG_UNBLOCK, SIGTERM);
  _exit(23);
}

static void *waiting(void *none) {
  for (;;) pause();
  return none;
}

static void with_threads(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, waiting, NULL);
  kill(getpid(), SIGTERM);
  for (;;) pause();
}

static void threads_leave(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, waiting, NULL);
  exit(24);
}

/* The C library's sigwait asks for no siginfo: strace then does not say who it was. */
static void taken(void) {
  sigset_t set;
  siginfo_t found;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  block(SIG_BLOCK, SIGUSR2);
  kill(getpid(), SIGUSR2);
  _exit(sigwaitinfo(&set, &found));
}

/* What is blocked and ignored survives a program's end. */
static void kept_over_exec(void) {
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, count);
  block(SIG_BLOCK, SIGTERM);
  kill(getpid(), SIGTERM);
  execlp("sh", "sh", "-c", "kill -USR1 $$; kill -USR2 $$", NULL);
}

static void whole_group(void) {
  setpgid(0, 0);
  for (int i = 0; i < 2; i++)
    if (fork() == 0)
      for (;;) pause();
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  while (wait(NULL) > 0) continue;
  _exit(25);
}

int main(void) {
  void (*const ends[])(void) = {no_mapping, no_permission, no_page,        no_instruction,  in_handler,
                                aborted,    raised,        no_reader,      alarmed,         timed,
                                pending,    never_delivered, delivered_late, with_threads, threads_leave,
                                whole_group, taken, kept_over_exec};
  for (unsigned each = 0; each < sizeof ends / sizeof *ends; each++) {
    pid_t child = fork();
    if (child == 0) {
      ends[each]();
      _exit(99);
    }
    waitpid(child, NULL, 0);
  }
  return 0;
}
