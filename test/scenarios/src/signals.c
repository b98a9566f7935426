/* Signals that do not end anything at once: blocked, pending, coalesced, ignored, taken by sigwait and signalfd. */
#include "truth.h"
#include <pthread.h>
#include <sys/signalfd.h>

static sigset_t only(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	return set;
}

static volatile sig_atomic_t times;

static void count(int number)
{
	(void)number;
	times++;
}

/* Two while it is blocked: the second is one too many. */
static void blocked(void)
{
	struct gate sent = gate(), ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t usr1 = only(SIGUSR1);
		signal(SIGUSR1, count);
		sigprocmask(SIG_BLOCK, &usr1, NULL);
		tell(ready);
		await(sent);
		sigprocmask(SIG_UNBLOCK, &usr1, NULL);
		_exit(times);
	}
	await(ready);
	kill(child, SIGUSR1);
	kill(child, SIGUSR1);
	tell(sent);
	reap(child);
}

/* Real-time signals queue up. */
static void queued(void)
{
	struct gate sent = gate(), ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t realtime = only(SIGRTMIN + 1);
		signal(SIGRTMIN + 1, count);
		sigprocmask(SIG_BLOCK, &realtime, NULL);
		tell(ready);
		await(sent);
		sigprocmask(SIG_UNBLOCK, &realtime, NULL);
		_exit(times);
	}
	await(ready);
	for (int at = 0; at < 3; at++)
		sigqueue(child, SIGRTMIN + 1, (union sigval){ .sival_int = at });
	tell(sent);
	reap(child);
}

/* Blocked when the process exits: it never arrives. */
static void pending_at_exit(void)
{
	struct gate sent = gate(), ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t term = only(SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		tell(ready);
		await(sent);
		_exit(6);
	}
	await(ready);
	kill(child, SIGTERM);
	tell(sent);
	reap(child);
}

/* Fatal when it is let in: then it arrives under its own number. */
static void blocked_then_fatal(void)
{
	struct gate sent = gate(), ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t term = only(SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		tell(ready);
		await(sent);
		sigprocmask(SIG_UNBLOCK, &term, NULL);
		_exit(1);
	}
	await(ready);
	kill(child, SIGTERM);
	tell(sent);
	reap(child);
}

static void ignored(void)
{
	struct gate sent = gate(), ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		signal(SIGHUP, SIG_IGN);
		tell(ready);
		await(sent);
		_exit(0);
	}
	await(ready);
	kill(child, SIGHUP);
	kill(child, SIGWINCH);
	tell(sent);
	reap(child);
}

static void by_sigwait(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		int number;
		sigset_t term = only(SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		tell(ready);
		sigwait(&term, &number);
		_exit(number);
	}
	await(ready);
	kill(child, SIGTERM);
	reap(child);
}

static void by_signalfd(void)
{
	struct gate ready = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		struct signalfd_siginfo info;
		sigset_t term = only(SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		int fd = signalfd(-1, &term, SFD_CLOEXEC);
		tell(ready);
		if (read(fd, &info, sizeof(info)) != sizeof(info))
			_exit(1);
		_exit(info.ssi_signo);
	}
	await(ready);
	kill(child, SIGTERM);
	reap(child);
}

/* Taken by one thread where the other has it blocked. */
static struct gate taken;

static void *taking(void *ready)
{
	sigset_t usr2 = only(SIGUSR2);
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pthread_sigmask(SIG_UNBLOCK, &usr2, NULL);
	tell(*(struct gate *)ready);
	while (!times)
		sched_yield();
	tell(taken);
	return NULL;
}

static void by_other_thread(void)
{
	struct gate ready = gate();
	taken = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		sigset_t usr2 = only(SIGUSR2);
		signal(SIGUSR2, count);
		sigprocmask(SIG_BLOCK, &usr2, NULL);
		pthread_create(&other, NULL, taking, &ready);
		await(taken);
		pthread_join(other, NULL);
		_exit(0);
	}
	await(ready);
	kill(child, SIGUSR2);
	reap(child);
}

/* kill(pid, 0) asks, and sends nothing. */
static void asked(void)
{
	struct gate done = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		await(done);
		_exit(0);
	}
	kill(child, 0);
	tell(done);
	reap(child);
}

SCENES({ "blocked", blocked }, { "queued", queued }, { "pending-at-exit", pending_at_exit },
       { "blocked-then-fatal", blocked_then_fatal }, { "ignored", ignored }, { "sigwait", by_sigwait },
       { "signalfd", by_signalfd }, { "other-thread", by_other_thread }, { "asked", asked })
