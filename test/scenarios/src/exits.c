/* Ends that the process itself chooses. */
#include "truth.h"
#include <pthread.h>

static void child_exits(int code)
{
	pid_t child = born(fork(), "clone");
	if (child == 0)
		_exit(code);
	reap(child);
}

static void codes(void)
{
	const int all[] = { 0, 1, 3, 126, 127, 128 + SIGKILL, 128 + SIGTERM, 255, 256 + 7, -1 };
	for (size_t at = 0; at < sizeof(all) / sizeof(*all); at++)
		child_exits(all[at]);
}

static void *exiting(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	exit(12);
}

/* exit() by a thread that is not the first: the others get a 9 that nobody sent. */
static void by_thread(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		pthread_create(&other, NULL, exiting, NULL);
		for (;;)
			pause();
	}
	reap(child);
}

static void *lasting(void *first)
{
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pthread_join(*(pthread_t *)first, NULL);
	syscall(SYS_exit, 14);
	return NULL;
}

/* The first thread goes before the last; the status is that of the first (kernel/exit.c). */
static void first_thread_first(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		static pthread_t first;
		pthread_t other;
		first = pthread_self();
		pthread_create(&other, NULL, lasting, &first);
		syscall(SYS_exit, 13);
	}
	reap(child);
}

/* More calls than a small buffer holds, between beginnings and ends of either kind. */
static void storm(void)
{
	for (int at = 0; at < 20; at++) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			for (int call = 0; call < 3000; call++)
				close(open("/dev/null", O_RDONLY));
			if (at % 2 == 0)
				_exit(at);
			raise(at % 4 == 1 ? SIGTERM : SIGKILL);
		}
		if (at % 5 == 4)
			for (int each = 0; each < 5; each++)
				reap(-1);
	}
}

SCENES({ "storm", storm }, { "codes", codes }, { "by-thread", by_thread }, { "first-thread-first", first_thread_first })
