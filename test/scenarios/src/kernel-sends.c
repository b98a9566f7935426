/* Signals that no process asks for: from a terminal, a file that is ready, a limit; and what a signal interrupts. */
#include "truth.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

static volatile sig_atomic_t times;

static void caught(int number)
{
	(void)number;
	times++;
}

static void handle(int number, int flags)
{
	struct sigaction action = { .sa_handler = caught, .sa_flags = flags };
	sigaction(number, &action, NULL);
}

/* A child that leads a session on a terminal of its own; the other end stays here. */
static pid_t at_terminal(int *other_end, int handled)
{
	struct gate ready = gate();
	int end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (end < 0 || grantpt(end) != 0 || unlockpt(end) != 0)
		lacking("posix_openpt");
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		setsid();
		if (open(ptsname(end), O_RDWR) < 0)
			_exit(99);
		close(end);
		if (handled != 0)
			handle(handled, 0);
		tell(ready);
		for (;;)
			pause();
	}
	await(ready);
	*other_end = end;
	return child;
}

static void press(char key)
{
	int end;
	pid_t child = at_terminal(&end, 0);
	if (write(end, &key, 1) != 1)
		_exit(98);
	reap(child);
}

static void interrupt_key(void)
{
	press('\003');
}

static void quit_key(void)
{
	press('\034');
}

static void closed(void)
{
	int end;
	pid_t child = at_terminal(&end, 0);
	close(end);
	reap(child);
}

static void resized(void)
{
	int end;
	pid_t child = at_terminal(&end, SIGWINCH);
	struct winsize size = { .ws_row = 30, .ws_col = 90 };
	ioctl(end, TIOCSWINSZ, &size);
	kill(child, SIGKILL);
	reap(child);
}

/* The parent makes a pipe of the child ready, then its socket. */
static void ready(void)
{
	struct gate started = gate();
	int ends[2], sockets[2];
	if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		lacking("pipe");
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		sigset_t both, old;
		sigemptyset(&both);
		sigaddset(&both, SIGIO);
		sigaddset(&both, SIGUSR1);
		sigprocmask(SIG_BLOCK, &both, &old);
		handle(SIGIO, 0);
		handle(SIGUSR1, 0);
		fcntl(ends[0], F_SETOWN, getpid());
		fcntl(ends[0], F_SETFL, O_ASYNC);
		fcntl(sockets[0], F_SETOWN, getpid());
		fcntl(sockets[0], F_SETSIG, SIGUSR1);
		fcntl(sockets[0], F_SETFL, O_ASYNC);
		tell(started);
		/* Both may be pending before the first call, which then returns once for the two of them. */
		while (times < 2)
			sigsuspend(&old);
		_exit(0);
	}
	await(started);
	if (write(ends[1], "x", 1) != 1 || write(sockets[1], "x", 1) != 1)
		_exit(98);
	reap(child);
}

static void file_size(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		struct rlimit limit = { 10, 10 };
		setrlimit(RLIMIT_FSIZE, &limit);
		FILE *file = tmpfile();
		if (file == NULL || ftruncate(fileno(file), 20) == 0)
			_exit(97);
		_exit(0);
	}
	reap(child);
}

/*
 * Until the child sleeps in the call that it makes next: nothing tells its parent. kill() wakes it before it returns, so
 * a second look after a signal does not find the sleep of before.
 */
static void await_sleep(pid_t child)
{
	char name[64], state = 0;
	snprintf(name, sizeof(name), "/proc/%d/stat", child);
	while (state != 'S') {
		FILE *stat = fopen(name, "r");
		if (stat == NULL || fscanf(stat, "%*d %*s %c", &state) != 1)
			lacking("/proc of the child");
		fclose(stat);
	}
}

/* A read is restarted after SIGUSR1, and ends by SIGUSR2. */
static void interrupted(void)
{
	struct gate never = gate(), started = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		char byte;
		handle(SIGUSR1, SA_RESTART);
		handle(SIGUSR2, 0);
		tell(started);
		_exit(read(never.ends[0], &byte, 1) < 0 && errno == EINTR ? 0 : 96);
	}
	await(started);
	await_sleep(child);
	kill(child, SIGUSR1);
	await_sleep(child);
	kill(child, SIGUSR2);
	reap(child);
}

SCENES({ "interrupt-key", interrupt_key }, { "quit-key", quit_key }, { "closed", closed }, { "resized", resized },
       { "ready", ready }, { "file-size", file_size }, { "interrupted", interrupted })
