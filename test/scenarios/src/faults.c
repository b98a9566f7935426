/* Faults of the program itself, and what the kernel ends it for. */
#include "truth.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/stat.h>

static void limit_core(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };
	setrlimit(RLIMIT_CORE, &limit);
}

static void unmapped(void)
{
	*(volatile int *)8 = 1;
}

static void read_only(void)
{
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)page = 1;
}

static void by_zero(void)
{
	volatile int zero = 0, one = 1;
	one = one / zero;
#if !defined(__x86_64__) && !defined(__i386__)
	lacking("a processor that traps a division by zero");
#endif
}

/* Behind the end of the file. */
static void behind_the_end(void)
{
	int fd = memfd_create("short", 0);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*(volatile char *)page = 1;
}

static void illegal(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("ud2");
#else
	__asm__ volatile(".inst 0");
#endif
}

static void breakpoint(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("int3");
#else
	__asm__ volatile("brk #0");
#endif
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int deep(volatile char *outer)
{
	volatile char frame[4096];
	frame[0] = outer[0];
	return deep(frame) + frame[0];
}

static void stack_overflow(void)
{
	volatile char first = 0;
	deep(&first);
}

static const struct {
	const char *name;
	void (*fault)(void);
} faults[] = {
	{ "SEGV_MAPERR", unmapped }, { "SEGV_ACCERR", read_only }, { "FPE_INTDIV", by_zero }, { "BUS_ADRERR", behind_the_end },
	{ "ILL_ILLOPN", illegal },   { "SI_KERNEL", breakpoint },  { "SEGV_MAPERR", stack_overflow },
};

static void each(void)
{
	limit_core(0);
	for (size_t at = 0; at < sizeof(faults) / sizeof(*faults); at++) {
		pid_t child = born(fork(), "clone");
		if (child == 0) {
			say("{\"fault\":\"%s\",\"of\":%d}", faults[at].name, getpid());
			faults[at].fault();
			_exit(0);
		}
		reap(child);
	}
}

/* Whether a core comes of it is decided by core_pattern, which is the machine's. */
static void core(void)
{
	char directory[] = "/tmp/ftrace-life-core-XXXXXX";
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		lacking("a directory for the core");
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		limit_core(RLIM_INFINITY);
		unmapped();
	}
	reap(child);
	char name[32];
	unlink("core");
	snprintf(name, sizeof(name), "core.%d", child);
	unlink(name);
	if (chdir("/") == 0)
		rmdir(directory);
}

static void leave(int number)
{
	(void)number;
	_exit(21);
}

static void handled(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		signal(SIGSEGV, leave);
		unmapped();
	}
	reap(child);
}

/* The kernel does not let a fault be blocked or ignored: it is put back to the default, and kills. */
static void ignored(void)
{
	limit_core(0);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		signal(SIGSEGV, SIG_IGN);
		unmapped();
	}
	reap(child);
}

/* SIGSEGV sent by somebody is no fault. */
static void sent(void)
{
	struct gate ready = gate();
	limit_core(0);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		tell(ready);
		for (;;)
			pause();
	}
	await(ready);
	kill(child, SIGSEGV);
	reap(child);
}

static void filter_getppid(uint32_t action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { sizeof(code) / sizeof(*code), code };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) != 0)
		_exit(125);
}

static void seccomp(uint32_t action)
{
	limit_core(0);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		filter_getppid(action);
		say("{\"seccomp\":%d}", getpid());
		syscall(SYS_getppid);
		_exit(0);
	}
	reap(child);
}

static void seccomp_process(void)
{
	seccomp(SECCOMP_RET_KILL_PROCESS);
}

static void seccomp_trap(void)
{
	seccomp(SECCOMP_RET_TRAP);
}

/* The strict mode kills by SIGKILL (kernel/seccomp.c, __secure_computing_strict). */
static void seccomp_strict(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		say("{\"seccomp\":%d}", getpid());
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		syscall(SYS_getppid);
		_exit(0);
	}
	reap(child);
}

static bool put(const char *directory, const char *file, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return done;
}

/* In a memory cgroup of its own, of either version, which is gone afterwards. */
static void out_of_memory(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/memory" };
	char directory[128] = "";
	for (size_t at = 0; at < sizeof(roots) / sizeof(*roots); at++) {
		snprintf(directory, sizeof(directory), "%s/ftrace-life-scenario-%d", roots[at], getpid());
		put(roots[at], "cgroup.subtree_control", "+memory");
		if (mkdir(directory, 0755) != 0)
			continue;
		if (put(directory, "memory.max", "16M") || put(directory, "memory.limit_in_bytes", "16M"))
			break;
		rmdir(directory);
		directory[0] = '\0';
	}
	if (directory[0] == '\0')
		lacking("a memory cgroup of its own");
	put(directory, "memory.swap.max", "0");
	struct gate entered = gate();
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		await(entered);
		for (size_t at = 0; at < 256; at++) {
			char *part = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (part == MAP_FAILED)
				_exit(1);
			memset(part, 1, 1 << 20);
		}
		_exit(0);
	}
	char text[16];
	snprintf(text, sizeof(text), "%d", child);
	bool moved = put(directory, "cgroup.procs", text);
	tell(entered);
	reap(child);
	rmdir(directory);
	if (!moved)
		lacking("cgroup.procs");
}

/* cgroup.kill: the writer of the file is the sender (cgroup v2, Linux 5.14). */
static void cgroup_kill(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char directory[128] = "", text[16];
	for (size_t at = 0; at < sizeof(roots) / sizeof(*roots); at++) {
		char file[160];
		snprintf(directory, sizeof(directory), "%s/ftrace-life-scenario-%d", roots[at], getpid());
		snprintf(file, sizeof(file), "%s/cgroup.kill", directory);
		if (mkdir(directory, 0755) != 0)
			continue;
		if (access(file, W_OK) == 0)
			break;
		rmdir(directory);
		directory[0] = '\0';
	}
	if (directory[0] == '\0')
		lacking("cgroup.kill");
	pid_t child = born(fork(), "clone");
	if (child == 0)
		for (;;)
			pause();
	snprintf(text, sizeof(text), "%d", child);
	bool moved = put(directory, "cgroup.procs", text);
	put(directory, "cgroup.kill", "1");
	if (!moved)
		kill(child, SIGKILL);
	reap(child);
	rmdir(directory);
	if (!moved)
		lacking("cgroup.procs");
}

SCENES({ "each", each }, { "core", core }, { "handled", handled }, { "ignored", ignored }, { "sent", sent },
       { "seccomp-process", seccomp_process }, { "seccomp-trap", seccomp_trap }, { "seccomp-strict", seccomp_strict },
       { "out-of-memory", out_of_memory }, { "cgroup-kill", cgroup_kill })
