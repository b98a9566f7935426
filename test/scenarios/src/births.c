/* How processes and threads come to be. */
#include "truth.h"
#include <linux/sched.h>
#include <pthread.h>
#include <spawn.h>

extern char **environ;

static void by_fork(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0)
		_exit(4);
	reap(child);
}

static void by_fork_call(void)
{
	pid_t child = born(syscall(SYS_fork), "fork");
	if (child == 0)
		_exit(5);
	reap(child);
}

static void by_vfork(void)
{
	pid_t child = vfork();
	if (child == 0) {
		execl(program, program, "leaf", NULL);
		_exit(127);
	}
	born(child, "vfork");
	reap(child);
}

static void by_vfork_without_exec(void)
{
	pid_t child = vfork();
	if (child == 0)
		_exit(6);
	born(child, "vfork");
	reap(child);
}

static void by_posix_spawn(void)
{
	pid_t child;
	char *const arguments[] = { (char *)program, "leaf", NULL };
	if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0)
		_exit(1);
	say("{\"spawned\":%d}", child);
	reap(child);
}

static void by_clone3(void)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	pid_t child = born(syscall(SYS_clone3, &arguments, sizeof(arguments)), "clone3");
	if (child < 0)
		lacking("clone3");
	if (child == 0)
		_exit(8);
	reap(child);
}

/* A grandchild by the fork, a child by the wait. */
static void by_clone_parent(void)
{
	struct gate gone = gate();
	pid_t middle = born(fork(), "clone");
	if (middle == 0) {
		pid_t sibling = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (sibling == 0) {
			await(gone);
			_exit(9);
		}
		born(sibling, "clone");
		say("{\"sibling\":%d}", sibling);
		_exit(0);
	}
	reap(middle);
	tell(gone);
	reap(-1);
}

static pthread_barrier_t together;

static void *thread(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pthread_barrier_wait(&together);
	return NULL;
}

static void threads(void)
{
	pthread_t all[3];
	pthread_barrier_init(&together, NULL, 4);
	for (int at = 0; at < 3; at++)
		pthread_create(&all[at], NULL, thread, NULL);
	pthread_barrier_wait(&together);
	for (int at = 0; at < 3; at++)
		pthread_join(all[at], NULL);
	exit(2);
}

static void *forking_thread(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pid_t child = born(fork(), "clone");
	if (child == 0)
		_exit(10);
	reap(child);
	return NULL;
}

static void fork_by_thread(void)
{
	pthread_t other;
	pthread_create(&other, NULL, forking_thread, NULL);
	pthread_join(other, NULL);
}

/* The waiting thread is not the one that forked. */
static pid_t of_other_thread;

static void *waiting_thread(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	reap(of_other_thread);
	return NULL;
}

static void wait_by_thread(void)
{
	pthread_t other;
	of_other_thread = born(fork(), "clone");
	if (of_other_thread == 0)
		_exit(11);
	pthread_create(&other, NULL, waiting_thread, NULL);
	pthread_join(other, NULL);
}

static void leaf(void)
{
	exit(7);
}

SCENES({ "fork", by_fork }, { "fork-call", by_fork_call }, { "vfork", by_vfork },
       { "vfork-without-exec", by_vfork_without_exec }, { "posix_spawn", by_posix_spawn }, { "clone3", by_clone3 },
       { "clone-parent", by_clone_parent }, { "threads", threads }, { "fork-by-thread", fork_by_thread },
       { "wait-by-thread", wait_by_thread }, { "leaf", leaf })
