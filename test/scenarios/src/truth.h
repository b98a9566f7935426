/*
 * What a scenario's program says of itself: one line of JSON for each fact, in one write, so that the lines of
 * several processes never mix. The pids are those of the program's own pid namespace.
 */
#ifndef TRUTH_H
#define TRUTH_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void say(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	line[length++] = '\n';
	if (write(1, line, length) != length)
		_exit(120);
}

/* A scenario that cannot go on says why; its test skips loudly. */
static inline void lacking(const char *what)
{
	say("{\"missing\":\"%s: %s\"}", what, strerror(errno));
	exit(0);
}

static inline pid_t tid(void)
{
	return syscall(SYS_gettid);
}

/* In the parent, behind the call that bore the child. */
static inline pid_t born(pid_t child, const char *call)
{
	if (child > 0)
		say("{\"born\":%d,\"by\":%d,\"call\":\"%s\"}", child, tid(), call);
	return child;
}

static inline void waited(pid_t child, int status, const char *call)
{
	if (WIFEXITED(status))
		say("{\"waited\":%d,\"by\":%d,\"call\":\"%s\",\"code\":%d,\"signal\":null,\"core\":false}", child, tid(), call,
		    WEXITSTATUS(status));
	else
		say("{\"waited\":%d,\"by\":%d,\"call\":\"%s\",\"code\":null,\"signal\":%d,\"core\":%s}", child, tid(), call,
		    WTERMSIG(status), WCOREDUMP(status) ? "true" : "false");
}

static inline pid_t reap(pid_t child)
{
	int status;
	pid_t found = waitpid(child, &status, 0);
	if (found > 0)
		waited(found, status, "wait4");
	return found;
}

/* Until it is a zombie, and still leaves it one. */
static inline void await_death(pid_t child)
{
	siginfo_t info;
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
}

/* One process waits for another: tell() in one, await() in the other. */
struct gate {
	int ends[2];
};

static inline struct gate gate(void)
{
	struct gate made;
	if (pipe2(made.ends, O_CLOEXEC) != 0)
		_exit(121);
	return made;
}

static inline void tell(struct gate gate)
{
	if (write(gate.ends[1], "", 1) != 1)
		_exit(122);
}

static inline void await(struct gate gate)
{
	char byte;
	while (read(gate.ends[0], &byte, 1) != 1)
		if (errno != EINTR)
			_exit(123);
}

struct scene {
	const char *name;
	void (*play)(void);
};

static inline int play(const struct scene *scenes, size_t count, const char *name)
{
	for (size_t at = 0; at < count; at++)
		if (strcmp(scenes[at].name, name) == 0) {
			scenes[at].play();
			return 0;
		}
	fprintf(stderr, "no scene %s\n", name);
	return 64;
}

#define SCENES(...)                                                                      \
	static const struct scene scenes[] = { __VA_ARGS__ };                            \
	int main(int argc, char **argv)                                                  \
	{                                                                                \
		program = argv[0];                                                       \
		return argc < 2 ? 64 : play(scenes, sizeof(scenes) / sizeof(*scenes), argv[1]); \
	}

static const char *program __attribute__((unused));
#endif
