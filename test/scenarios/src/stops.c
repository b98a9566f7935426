/* Stopped and continued, by signals and by a tracer. */
#include "truth.h"
#include <sys/ptrace.h>

static pid_t pausing(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		tell(ready);
		for (;;)
			pause();
	}
	await(ready);
	return child;
}

/* waitpid that tells of a stop and of going on reaps nothing. */
static void stop_and_continue(int number)
{
	int status;
	pid_t child = pausing();
	kill(child, number);
	waitpid(child, &status, WUNTRACED);
	say("{\"stopped\":%d,\"signal\":%d}", child, WSTOPSIG(status));
	kill(child, SIGCONT);
	waitpid(child, &status, WCONTINUED);
	say("{\"continued\":%d}", child);
	kill(child, SIGTERM);
	reap(child);
}

static void by_sigstop(void)
{
	stop_and_continue(SIGSTOP);
}

static void by_sigtstp(void)
{
	stop_and_continue(SIGTSTP);
}

static void by_waitid(void)
{
	siginfo_t info;
	pid_t child = pausing();
	kill(child, SIGSTOP);
	waitid(P_PID, child, &info, WSTOPPED);
	say("{\"stopped\":%d,\"signal\":%d}", child, SIGSTOP);
	kill(child, SIGCONT);
	waitid(P_PID, child, &info, WCONTINUED);
	kill(child, SIGTERM);
	reap(child);
}

/* SIGTERM waits until it goes on; SIGKILL does not. */
static void term_while_stopped(void)
{
	int status;
	pid_t child = pausing();
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGTERM);
	kill(child, SIGCONT);
	reap(child);
}

static void kill_while_stopped(void)
{
	int status;
	pid_t child = pausing();
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGKILL);
	reap(child);
}

/* A tracee stops at each signal, and its tracer decides what becomes of it. */
static pid_t traced(void)
{
	int status;
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		raise(SIGUSR1);
		for (;;)
			pause();
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	say("{\"held\":%d,\"signal\":%d}", child, WSTOPSIG(status));
	return child;
}

static void suppressed(void)
{
	int status;
	pid_t child = traced();
	ptrace(PTRACE_CONT, child, 0, 0);
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	ptrace(PTRACE_CONT, child, 0, SIGTERM);
	reap(child);
}

/* The tracer makes another signal of it. */
static void replaced(void)
{
	pid_t child = traced();
	ptrace(PTRACE_CONT, child, 0, SIGINT);
	reap(child);
}

static void let_in(void)
{
	pid_t child = traced();
	ptrace(PTRACE_CONT, child, 0, SIGUSR1);
	reap(child);
}

static void detached(void)
{
	pid_t child = traced();
	ptrace(PTRACE_DETACH, child, 0, 0);
	kill(child, SIGTERM);
	reap(child);
}

/* The tracer ends, and its tracee with it (PTRACE_O_EXITKILL). */
static void exit_kill(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		traced();
		_exit(0);
	}
	reap(middle);
	reap(-1);
}

/* For a run under strace, with a child that a signal ends. */
static void under_strace(void)
{
	pid_t child = pausing();
	kill(child, SIGTERM);
	reap(child);
	exit(3);
}

SCENES({ "stop", by_sigstop }, { "tstp", by_sigtstp }, { "waitid", by_waitid }, { "term-while-stopped", term_while_stopped },
       { "kill-while-stopped", kill_while_stopped }, { "suppressed", suppressed }, { "replaced", replaced },
       { "let-in", let_in }, { "detached", detached }, { "exit-kill", exit_kill }, { "under-strace", under_strace })
