/* Every way to make a process, to wait for one, and to leave one behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *const TRUE[] = {"true", NULL};

static int told[2];

static void tell(int signal) {
  (void)signal;
  if (write(told[1], "c", 1) != 1) _exit(95);
}

static void await(pid_t child) {
  if (waitpid(child, NULL, 0) != child) _exit(99);
}

static void *forking(void *none) {
  pid_t child = fork();
  if (child == 0) _exit(13);
  await(child);
  return none;
}

/* Only when its creator knows of it: a thread that dies in clone3 never tells whom it made. */
static void *executing(void *none) {
  char byte;
  if (read(told[0], &byte, 1) != 1) _exit(91);
  execlp("sh", "sh", "-c", "exit 14", NULL);
  return none;
}

/* Its child's child outlives it; returns when that has ended too. */
static void leave_orphan(int code) {
  int ended[2], left[2];
  char byte;
  if (pipe(ended) != 0 || pipe(left) != 0) _exit(98);
  pid_t middle = fork();
  if (middle == 0) {
    if (fork() == 0) {
      close(left[1]);
      close(ended[0]);
      if (read(left[0], &byte, 1) < 0) _exit(97);
      _exit(code);
    }
    _exit(15);
  }
  await(middle);
  close(ended[1]);
  close(left[0]);
  close(left[1]);
  if (read(ended[0], &byte, 1) < 0) _exit(96);
  close(ended[0]);
}

int main(void) {
  pid_t child = fork();
  if (child == 0) _exit(1);
  await(child);

  child = vfork();
  if (child == 0) _exit(2);
  await(child);

  child = vfork();
  if (child == 0) {
    execl("/no/such/program", "program", NULL);
    execlp("sh", "sh", "-c", "exit 3", NULL);
    _exit(4);
  }
  await(child);

  if (posix_spawnp(&child, "true", NULL, NULL, TRUE, environ) == 0) await(child);
  posix_spawn(&child, "/no/such/program", NULL, NULL, TRUE, environ);

  struct clone_args wanted = {.exit_signal = SIGCHLD};
  child = syscall(SYS_clone3, &wanted, sizeof wanted);
  if (child == 0) _exit(5);
  await(child);

  int program = open("/bin/sh", O_RDONLY | O_CLOEXEC);
  child = fork();
  if (child == 0) {
    char *const argv[] = {"sh", "-c", "exit 6", NULL};
    fexecve(program, argv, environ);
    _exit(7);
  }
  await(child);

  pthread_t thread;
  pthread_create(&thread, NULL, forking, NULL);
  pthread_join(thread, NULL);

  child = fork();
  if (child == 0) {
    if (pipe(told) != 0) _exit(90);
    pthread_create(&thread, NULL, executing, NULL);
    tell(0);
    pthread_join(thread, NULL);
    _exit(8);
  }
  await(child);

  siginfo_t found;
  child = fork();
  if (child == 0) _exit(9);
  waitid(P_PID, child, &found, WEXITED | WNOWAIT);
  waitid(P_ALL, 0, &found, WEXITED);

  /* It says that it goes on: SIGTERM would take the place of SIGCONT while that is pending. */
  int status;
  char byte;
  if (pipe(told) != 0) return 94;
  child = fork();
  if (child == 0) {
    signal(SIGCONT, tell);
    tell(0);
    for (;;) pause();
  }
  if (read(told[0], &byte, 1) != 1) return 93;
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  if (read(told[0], &byte, 1) != 1) return 92;
  kill(child, SIGTERM);
  await(child);

  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(10);
  waitpid(child, NULL, 0);
  signal(SIGCHLD, SIG_DFL);

  leave_orphan(11);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  leave_orphan(12);
  wait(NULL);

  /* Two that nobody waits for. */
  child = fork();
  if (child == 0) _exit(16);
  waitid(P_PID, child, &found, WEXITED | WNOWAIT);
  child = fork();
  if (child == 0) raise(SIGKILL);
  waitid(P_PID, child, &found, WEXITED | WNOWAIT);
  return 17;
}
