/* Signals that end a process: by its parent, an outsider, itself, a timer, a pipe, a dead parent. */
#include "truth.h"
#include <sys/time.h>
#include <time.h>
#include <pthread.h>
#include <sys/socket.h>

static void sent(pid_t by, pid_t to, int number)
{
	say("{\"sent\":%d,\"by\":%d,\"to\":%d}", number, by, to);
}

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

static void killed_by_parent(int number)
{
	pid_t child = pausing();
	sent(tid(), child, number);
	kill(child, number);
	reap(child);
}

/* No core files here: the limit is 0, and WCOREDUMP says so. */
static void without_core(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
}

static void each(void)
{
	const int all[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,
			    SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS };
	without_core();
	for (size_t at = 0; at < sizeof(all) / sizeof(*all); at++)
		killed_by_parent(all[at]);
	killed_by_parent(SIGRTMIN + 3);
}

static void kill_by_parent(void)
{
	killed_by_parent(SIGKILL);
}

static void by_outsider(void)
{
	pid_t child = pausing();
	say("{\"ready\":%d}", child);
	reap(child);
}

static void raised(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sent(tid(), getpid(), SIGTERM);
		raise(SIGTERM);
	}
	reap(child);
}

static void aborted(void)
{
	without_core();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sent(tid(), getpid(), SIGABRT);
		abort();
	}
	reap(child);
}

static void queued(void)
{
	pid_t child = pausing();
	sent(tid(), child, SIGTERM);
	sigqueue(child, SIGTERM, (union sigval){ .sival_int = 5 });
	reap(child);
}

static void by_pidfd(void)
{
	pid_t child = pausing();
	int fd = syscall(SYS_pidfd_open, child, 0);
	if (fd < 0)
		lacking("pidfd_open");
	sent(tid(), child, SIGTERM);
	syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
	reap(child);
}

static void group(void)
{
	pid_t first = 0;
	for (int at = 0; at < 3; at++) {
		struct gate ready = gate();
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			setpgid(0, first);
			tell(ready);
			for (;;)
				pause();
		}
		await(ready);
		if (at == 0)
			first = child;
		sent(tid(), child, SIGTERM);
	}
	kill(-first, SIGTERM);
	for (int at = 0; at < 3; at++)
		reap(-1);
}

static volatile sig_atomic_t handled;

static void handler(int number)
{
	handled = number;
}

static void handled_then_exit(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t term, before;
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, &before);
		signal(SIGTERM, handler);
		tell(ready);
		while (!handled)
			sigsuspend(&before);
		_exit(0);
	}
	await(ready);
	sent(tid(), child, SIGTERM);
	kill(child, SIGTERM);
	reap(child);
}

/* As a well-bred service ends: it cleans up, and dies by the same signal. */
static void reraise(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static void handled_then_raised(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		signal(SIGTERM, reraise);
		tell(ready);
		for (;;)
			pause();
	}
	await(ready);
	sent(tid(), child, SIGTERM);
	kill(child, SIGTERM);
	reap(child);
}

/* It ignores SIGTERM, as an init script's stop finds out, and gets SIGKILL. */
static void term_then_kill(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		signal(SIGTERM, SIG_IGN);
		tell(ready);
		for (;;)
			pause();
	}
	await(ready);
	sent(tid(), child, SIGTERM);
	kill(child, SIGTERM);
	sent(tid(), child, SIGKILL);
	kill(child, SIGKILL);
	reap(child);
}

static void broken_pipe(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		int ends[2];
		if (pipe(ends) != 0)
			_exit(1);
		close(ends[0]);
		_exit(write(ends[1], "x", 1) == 1 ? 1 : 2);
	}
	reap(child);
}

static void broken_socket(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		int ends[2];
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
			_exit(1);
		close(ends[0]);
		_exit(write(ends[1], "x", 1) == 1 ? 1 : 2);
	}
	reap(child);
}

static void timed(int which, int number)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		struct itimerval soon = { .it_value = { .tv_usec = 2000 } };
		say("{\"timer\":%d,\"signal\":%d}", getpid(), number);
		setitimer(which, &soon, NULL);
		for (;;)
			if (which == ITIMER_REAL)
				pause();
	}
	reap(child);
}

static void itimers(void)
{
	timed(ITIMER_REAL, SIGALRM);
	timed(ITIMER_VIRTUAL, SIGVTALRM);
	timed(ITIMER_PROF, SIGPROF);
}

static void posix_timer(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		timer_t timer;
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
		struct itimerspec soon = { .it_value = { .tv_nsec = 2000000 } };
		say("{\"timer\":%d,\"signal\":%d}", getpid(), SIGUSR1);
		timer_create(CLOCK_MONOTONIC, &event, &timer);
		timer_settime(timer, 0, &soon, NULL);
		for (;;)
			pause();
	}
	reap(child);
}

static void cpu_limit(void)
{
	without_core();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		struct rlimit second = { 1, 5 };
		setrlimit(RLIMIT_CPU, &second);
		for (;;)
			;
	}
	reap(child);
}

static void file_size(void)
{
	without_core();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		struct rlimit small = { 16, 16 };
		int fd = memfd_create("small", 0);
		setrlimit(RLIMIT_FSIZE, &small);
		_exit(pwrite(fd, "x", 1, 4096) == 1 ? 1 : 2);
	}
	reap(child);
}

/* The middle one dies; the kernel sends its child what it asked for. */
static void parent_death(void)
{
	struct gate armed = gate();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			say("{\"pdeath\":%d,\"of\":%d}", getpid(), getppid());
			tell(armed);
			for (;;)
				pause();
		}
		await(armed);
		_exit(0);
	}
	reap(middle);
	reap(-1);
}

static void *waiting_for_ever(void *ready)
{
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	tell(*(struct gate *)ready);
	for (;;)
		pause();
	return NULL;
}

/* Every thread is delivered a 9, sent was one 15. */
static void threads_killed(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		for (int at = 0; at < 3; at++)
			pthread_create(&other, NULL, waiting_for_ever, &ready);
		for (;;)
			pause();
	}
	for (int at = 0; at < 3; at++)
		await(ready);
	sent(tid(), child, SIGTERM);
	kill(child, SIGTERM);
	reap(child);
}

/* tgkill to a thread that is not the first ends all of them. */
static void thread_killed(void)
{
	struct gate ready = gate();
	struct gate told = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		pthread_create(&other, NULL, waiting_for_ever, &ready);
		await(ready);
		tell(told);
		pthread_kill(other, SIGINT);
		for (;;)
			pause();
	}
	await(told);
	reap(child);
}

/* Stopped, and its group is orphaned by the death of its parent, in a session of their own: SIGHUP, then SIGCONT. */
static void hangup(void)
{
	struct gate ready = gate();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		setsid();
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			setpgid(0, 0);
			tell(ready);
			raise(SIGSTOP);
			for (;;)
				pause();
		}
		await(ready);
		siginfo_t info;
		waitid(P_PID, child, &info, WSTOPPED | WNOWAIT);
		say("{\"orphan\":%d}", child);
		_exit(0);
	}
	reap(middle);
	reap(-1);
}

/* The first thread leaves by pthread_exit, as POSIX allows; then a signal ends the others. */
static void first_thread_gone(void)
{
	const int all[] = { SIGTERM, SIGKILL, SIGSEGV };
	for (size_t at = 0; at < sizeof(all) / sizeof(*all); at++) {
		struct gate ready = gate();
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			pthread_t other;
			pthread_create(&other, NULL, waiting_for_ever, &ready);
			pthread_exit(NULL);
		}
		await(ready);
		/* Until the first thread is a zombie: nothing tells its parent. */
		char name[64], state = 0;
		snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", child, child);
		while (state != 'Z') {
			FILE *stat = fopen(name, "r");
			if (stat == NULL || fscanf(stat, "%*d %*s %c", &state) != 1)
				lacking("/proc of the child");
			fclose(stat);
		}
		sent(tid(), child, all[at]);
		kill(child, all[at]);
		reap(child);
	}
}

SCENES({ "each", each }, { "kill", kill_by_parent }, { "outsider", by_outsider }, { "raise", raised }, { "abort", aborted }, { "sigqueue", queued },
       { "pidfd", by_pidfd }, { "group", group }, { "handled-then-exit", handled_then_exit },
       { "handled-then-raised", handled_then_raised }, { "term-then-kill", term_then_kill }, { "pipe", broken_pipe },
       { "socket", broken_socket }, { "itimers", itimers }, { "posix-timer", posix_timer }, { "cpu-limit", cpu_limit },
       { "file-size", file_size }, { "parent-death", parent_death }, { "threads-killed", threads_killed },
       { "thread-killed", thread_killed },
       { "first-thread-gone", first_thread_gone }, { "orphaned-group", hangup })
