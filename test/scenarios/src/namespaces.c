/* Pids that mean something else: in pid namespaces, and numbers that are used again. */
#include "truth.h"
#include <linux/membarrier.h>
#include <linux/sched.h>

/* Global pids of what is inside are not known inside: facts here name the namespace's first process only. */
static pid_t enter_namespace(void)
{
	if (unshare(CLONE_NEWPID) != 0)
		lacking("a pid namespace");
	return born(fork(), "clone");
}

/* Its first process has pid 1 there, forks, and reaps by that namespace's numbers. */
static void inside(void)
{
	pid_t first = enter_namespace();
	if (first == 0) {
		for (int at = 0; at < 2; at++) {
			pid_t child = fork();
			if (child == 0)
				_exit(41 + at);
			say("{\"inside\":%d,\"is\":%d}", child, getpid());
			waitpid(child, NULL, 0);
		}
		_exit(40);
	}
	reap(first);
}

/* When the first process ends, the kernel kills the others. */
static void end_of_first(void)
{
	pid_t first = enter_namespace();
	if (first == 0) {
		struct gate ready = gate();
		for (int at = 0; at < 2; at++)
			if (fork() == 0) {
				tell(ready);
				for (;;)
					pause();
			}
		await(ready);
		await(ready);
		_exit(43);
	}
	reap(first);
}

/* kill(-1) reaches everybody there but the sender and pid 1. */
static void kill_all(void)
{
	pid_t first = enter_namespace();
	if (first == 0) {
		struct gate ready = gate();
		if (getpid() != 1)
			_exit(1);
		for (int at = 0; at < 3; at++)
			if (fork() == 0) {
				tell(ready);
				for (;;)
					pause();
			}
		for (int at = 0; at < 3; at++)
			await(ready);
		kill(-1, SIGTERM);
		while (wait(NULL) > 0)
			;
		_exit(44);
	}
	reap(first);
}

/* The first process of a namespace takes from inside only what it handles. */
static void unkillable(void)
{
	pid_t first = enter_namespace();
	if (first == 0) {
		pid_t child = fork();
		if (child == 0) {
			kill(1, SIGKILL);
			kill(1, SIGTERM);
			_exit(0);
		}
		waitpid(child, NULL, 0);
		_exit(45);
	}
	reap(first);
}

/*
 * The same number twice, as clone3 may ask for it. sched_process_free, by which the kernel's pid filter forgets a
 * number, comes from RCU: membarrier waits for that, on the processor that queued it.
 */
static void used_again(void)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid_t number = born(fork(), "clone");
	if (number == 0)
		_exit(46);
	reap(number);
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
		lacking("membarrier");
	struct clone_args arguments = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1 };
	pid_t again = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (again < 0)
		lacking("a pid of choice");
	if (again == 0)
		_exit(47);
	say("{\"again\":%d}", again);
	born(again, "clone3");
	reap(again);
}

SCENES({ "inside", inside }, { "end-of-first", end_of_first }, { "kill-all", kill_all }, { "unkillable", unkillable },
       { "used-again", used_again })
