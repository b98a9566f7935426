/* Who buries whom. */
#include "truth.h"
#include <pthread.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static pid_t leaving(int code)
{
	pid_t child = born(fork(), "clone");
	if (child == 0)
		_exit(code);
	return child;
}

/* The children's own ends, which nobody waits for. */
static void unattended(int code)
{
	int ends[2];
	char byte;
	if (pipe2(ends, O_CLOEXEC) != 0)
		_exit(1);
	pid_t child = born(fork(), "clone");
	if (child == 0)
		_exit(code);
	close(ends[1]);
	say("{\"unattended\":%d,\"code\":%d}", child, code);
	/* Ends when the child has: it held the other end. */
	if (read(ends[0], &byte, 1) != 0)
		_exit(1);
	close(ends[0]);
	/* Gone means reaped: wait has no child (ECHILD), and says so only when it is. */
	while (waitpid(child, NULL, 0) != -1)
		say("{\"unexpected\":%d}", child);
	say("{\"nochild\":%d}", errno);
}

static void ignoring(void)
{
	signal(SIGCHLD, SIG_IGN);
	unattended(3);
}

static void nocldwait(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
	sigaction(SIGCHLD, &action, NULL);
	unattended(4);
}

static volatile sig_atomic_t told;

static void count(int number)
{
	(void)number;
	told++;
}

/* With a handler and SA_NOCLDWAIT the parent is told, and there is no zombie. */
static void nocldwait_handled(void)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = SA_NOCLDWAIT | SA_RESTART };
	sigaction(SIGCHLD, &action, NULL);
	unattended(5);
}

/* SIGCHLD handled, and the handler reaps. */
static void reap_in_handler(int number)
{
	int status, saved = errno;
	pid_t child;
	(void)number;
	while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
		waited(child, status, "wait4");
		told++;
	}
	errno = saved;
}

static void in_handler(void)
{
	sigset_t chld, before;
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	signal(SIGCHLD, reap_in_handler);
	leaving(1);
	leaving(2);
	while (told < 2)
		sigsuspend(&before);
}

static void zombie(void)
{
	pid_t child = leaving(6);
	await_death(child);
	say("{\"zombie\":%d}", child);
	reap(child);
}

/* The parent dies without a wait; whoever gets the orphan reaps it: here a subreaper. */
static void left_to_subreaper(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t child = leaving(7);
		await_death(child);
		say("{\"left\":%d}", child);
		_exit(0);
	}
	reap(middle);
	reap(-1);
}

/* The one left behind was killed; the one who leaves it exits. */
static void killed_and_left(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t child = born(fork(), "clone");
		if (child == 0)
			for (;;)
				pause();
		kill(child, SIGKILL);
		await_death(child);
		say("{\"left\":%d}", child);
		_exit(0);
	}
	reap(middle);
	reap(-1);
}

static void orphaned(bool subreaper)
{
	struct gate gone = gate();
	if (subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			setsid();
			await(gone);
			_exit(8);
		}
		say("{\"orphan\":%d}", child);
		_exit(0);
	}
	reap(middle);
	tell(gone);
	if (subreaper)
		reap(-1);
}

/* The daemon's way: reaped by init, or whatever subreaper there is outside. */
static void to_init(void)
{
	orphaned(false);
}

static void to_subreaper(void)
{
	orphaned(true);
}

/* A zombie that its parent leaves behind: init reaps it, when the parent dies. */
static void left_to_init(void)
{
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t child = leaving(9);
		await_death(child);
		say("{\"left\":%d}", child);
		_exit(0);
	}
	reap(middle);
}

static void waited_by_id(const siginfo_t *info)
{
	int status = info->si_code == CLD_EXITED ? info->si_status << 8 : info->si_status;
	waited(info->si_pid, status, "waitid");
}

static void by_id(void)
{
	siginfo_t info;
	pid_t child = leaving(10);
	waitid(P_PID, child, &info, WEXITED);
	waited_by_id(&info);
}

/* Which of the zombies waitid takes is in its siginfo, which the trace does not have. */
static void by_any_id(void)
{
	siginfo_t info;
	pid_t children[3];
	for (int at = 0; at < 3; at++)
		children[at] = leaving(at);
	for (int at = 0; at < 3; at++)
		await_death(children[at]);
	for (int at = 0; at < 3; at++) {
		waitid(P_ALL, 0, &info, WEXITED);
		waited_by_id(&info);
	}
}

/* One at a time: the only zombie is meant. */
static void by_any_id_in_turn(void)
{
	siginfo_t info;
	for (int at = 0; at < 3; at++) {
		leaving(at);
		waitid(P_ALL, 0, &info, WEXITED);
		waited_by_id(&info);
	}
}

static void by_pidfd(void)
{
	siginfo_t info;
	pid_t children[2] = { leaving(1), leaving(2) };
	await_death(children[0]);
	await_death(children[1]);
	int fd = syscall(SYS_pidfd_open, children[1], 0);
	if (fd < 0)
		lacking("pidfd_open");
	if (waitid((idtype_t)P_PIDFD, fd, &info, WEXITED) != 0)
		lacking("waitid of a pidfd");
	waited_by_id(&info);
	reap(children[0]);
}

/* A look, twice, and then the wait. */
static void by_nowait(void)
{
	siginfo_t info;
	pid_t child = leaving(11);
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	reap(child);
}

static void by_group(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		setpgid(0, 0);
		_exit(12);
	}
	await_death(child);
	reap(-child);
}

static void polled(void)
{
	int status;
	struct gate done = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		await(done);
		_exit(13);
	}
	if (waitpid(child, &status, WNOHANG) != 0)
		_exit(1);
	tell(done);
	await_death(child);
	if (waitpid(child, &status, WNOHANG) == child)
		waited(child, status, "wait4");
}

SCENES({ "ignoring", ignoring }, { "nocldwait", nocldwait }, { "nocldwait-handled", nocldwait_handled },
       { "in-handler", in_handler }, { "zombie", zombie }, { "left-to-subreaper", left_to_subreaper },
       { "killed-and-left", killed_and_left }, { "left-to-init", left_to_init }, { "to-init", to_init }, { "to-subreaper", to_subreaper }, { "by-id", by_id },
       { "by-any-id", by_any_id }, { "by-any-id-in-turn", by_any_id_in_turn }, { "by-pidfd", by_pidfd },
       { "by-nowait", by_nowait }, { "by-group", by_group }, { "polled", polled })
