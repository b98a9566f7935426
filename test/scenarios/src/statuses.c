/* Ends whose status several pieces of evidence claim: what wait returns is the kernel's own answer. */
#include "truth.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>

static void short_sleep(long us)
{
	usleep(us);
}

/* SIGCHLD that says what the kernel alone may say: to oneself it is sent, to the parent it is refused. */
static void forged(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		siginfo_t info = { .si_signo = SIGCHLD, .si_code = CLD_KILLED };
		info.si_pid = getpid();
		info.si_status = SIGKILL;
		long own = syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info);
		long other = syscall(SYS_rt_sigqueueinfo, getppid(), SIGCHLD, &info);
		say("{\"forged\":%d,\"own\":%ld,\"other\":%ld}", getpid(), own, other);
		kill(getppid(), SIGCHLD);
		union sigval value = { .sival_int = 9 };
		sigqueue(getppid(), SIGCHLD, value);
		_exit(3);
	}
	reap(child);
}

/* A core dump that takes a while, and SIGKILL at several moments of it. */
static void killed_while_dumping(void)
{
	char directory[] = "/tmp/ftrace-life-core-XXXXXX";
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		lacking("a directory for the core");
	static const int delays[] = { 0, 1000, 5000, 20000 };
	for (size_t at = 0; at < sizeof(delays) / sizeof(*delays); at++) {
		struct gate crashes = gate();
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
			setrlimit(RLIMIT_CORE, &limit);
			size_t size = 24 << 20;
			char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			memset(memory, 1, size);
			tell(crashes);
			*(volatile int *)8 = 1;
		}
		await(crashes);
		short_sleep(delays[at]);
		kill(child, SIGKILL);
		reap(child);
		char name[32];
		snprintf(name, sizeof(name), "core.%d", child);
		unlink(name);
		unlink("core");
	}
	if (chdir("/") == 0)
		rmdir(directory);
}

/* A watchdog's SIGABRT, and SIGKILL at once. */
static void aborted_and_killed(void)
{
	for (int time = 0; time < 8; time++) {
		pid_t child = born(fork(), "clone");
		if (child == 0)
			for (;;)
				pause();
		short_sleep(2000);
		kill(child, SIGABRT);
		kill(child, SIGKILL);
		reap(child);
	}
}

static void forbid_getpgid(unsigned int action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog compiled = { 4, filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &compiled) != 0)
		lacking("seccomp filters");
	syscall(SYS_getpgid, 0);
}

static void *exits_later(void *code)
{
	short_sleep(50000);
	_exit((int)(long)code);
}

static void *leaves_later(void *code)
{
	short_sleep(50000);
	syscall(SYS_exit, (int)(long)code);
	return NULL;
}

static void *dies_later(void *action)
{
	short_sleep(50000);
	forbid_getpgid((unsigned int)(long)action);
	return NULL;
}

/* SECCOMP_RET_KILL_THREAD of the first thread, while another goes on. */
static void first_thread_forbidden(void)
{
	for (int at = 0; at < 2; at++) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			pthread_t other;
			pthread_create(&other, NULL, at == 0 ? exits_later : leaves_later, (void *)5L);
			forbid_getpgid(SECCOMP_RET_KILL_THREAD);
		}
		reap(child);
	}
}

/* The first thread leaves by exit(4), and seccomp ends the last one. */
static void last_thread_forbidden(void)
{
	static const unsigned int actions[] = { SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS };
	for (size_t at = 0; at < 2; at++) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			pthread_t other;
			pthread_create(&other, NULL, dies_later, (void *)(long)actions[at]);
			syscall(SYS_exit, 4);
		}
		reap(child);
	}
}

/* SECCOMP_RET_KILL_PROCESS in one of two threads. */
static void process_forbidden(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		pthread_create(&other, NULL, dies_later, (void *)(long)SECCOMP_RET_KILL_PROCESS);
		for (;;)
			pause();
	}
	reap(child);
}

/* Children whose end is told by another signal than SIGCHLD, and by none. */
static void exit_signals(void)
{
	static const int numbers[] = { SIGUSR1, 0 };
	signal(SIGUSR1, SIG_IGN);
	for (size_t at = 0; at < 2; at++) {
		pid_t child = born(syscall(SYS_clone, numbers[at], 0, 0, 0, 0), "clone");
		if (child == 0)
			_exit(6 + (int)at);
		int status;
		if (waitpid(child, &status, __WALL) == child)
			waited(child, status, "wait4");
	}
}

/* A signal is pending and blocked when another thread ends the process by exit_group, or becomes another program. */
static void pending_at_exit(void)
{
	for (int at = 0; at < 2; at++) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			sigset_t all;
			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL);
			kill(getpid(), SIGUSR1);
			pthread_t other;
			pthread_create(&other, NULL, exits_later, (void *)7L);
			if (at == 0)
				for (;;)
					pause();
			char *arguments[] = { (char *)program, "nothing", NULL };
			execv("/proc/self/exe", arguments);
		}
		reap(child);
	}
}

static void nothing(void)
{
}

SCENES({ "forged", forged }, { "killed-while-dumping", killed_while_dumping }, { "aborted-and-killed", aborted_and_killed },
       { "first-thread-forbidden", first_thread_forbidden }, { "last-thread-forbidden", last_thread_forbidden },
       { "process-forbidden", process_forbidden }, { "exit-signals", exit_signals },
       { "pending-at-exit", pending_at_exit }, { "nothing", nothing })
