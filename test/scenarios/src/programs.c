/* Programs that take the place of programs. */
#include "truth.h"
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

static char folder[] = "/tmp/ftrace-life-programs-XXXXXX";

static void make_folder(void)
{
	if (mkdtemp(folder) == NULL)
		lacking("mkdtemp");
}

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *make_file(const char *name, const void *bytes, size_t length, mode_t mode)
{
	const char *path = in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
		lacking("a file of its own");
	close(fd);
	return path;
}

static void remove_folder(const char *file)
{
	if (file != NULL)
		unlink(file);
	rmdir(folder);
}

static void run(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(program, program, "leaf", NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, program);
	reap(child);
}

/* Over before anybody can look it up. */
static void arguments(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(program, program, "leaf", "two words", "", "it's", NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\",\"argv\":[\"%s\",\"leaf\",\"two words\",\"\",\"it's\"]}", child, program, program);
	reap(child);
}

/* Two directories that do not have it, and one that does. */
static void path_search(void)
{
	char path[512], name[256];
	const char *slash = strrchr(program, '/');
	snprintf(path, sizeof(path), "/no/such/first:/no/such/second:%.*s", (int)(slash - program), program);
	snprintf(name, sizeof(name), "%s", slash + 1);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		setenv("PATH", path, 1);
		execlp(name, name, "leaf", NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, program);
	reap(child);
}

static void failing(const char *path)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(path, path, NULL);
		_exit(errno);
	}
	reap(child);
}

static void denied(void)
{
	make_folder();
	const char *file = make_file("plain", "#!/bin/sh\nexit 1\n", 17, 0644);
	failing(file);
	remove_folder(file);
}

static void no_interpreter(void)
{
	make_folder();
	const char *file = make_file("orphan", "#!/no/such/interpreter\n", 23, 0755);
	failing(file);
	remove_folder(file);
}

/* execvp runs what the kernel does not know as a script of sh (POSIX). */
static void unknown_format(void)
{
	make_folder();
	const char *file = make_file("script", "exit 31\n", 8, 0755);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execlp(file, file, NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"/bin/sh\"}", child);
	reap(child);
	remove_folder(file);
}

static void script(void)
{
	make_folder();
	const char *file = make_file("script", "#!/bin/sh\nexit 32\n", 18, 0755);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(file, file, NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, file);
	reap(child);
	remove_folder(file);
}

static pthread_barrier_t ready;

static void *idle(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	return NULL;
}

static void *replacing(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	pthread_barrier_wait(&ready);
	execl(program, program, "leaf", NULL);
	_exit(127);
}

/* The other threads get a 9 that nobody sent; the one that called becomes the first. */
static void by_thread(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		pthread_t other;
		pthread_barrier_init(&ready, NULL, 3);
		pthread_create(&other, NULL, idle, NULL);
		pthread_create(&other, NULL, replacing, NULL);
		pthread_barrier_wait(&ready);
		for (;;)
			pause();
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, program);
	reap(child);
}

static int copy_of_self(void)
{
	struct stat self;
	int from = open(program, O_RDONLY | O_CLOEXEC);
	int to = memfd_create("copy", MFD_CLOEXEC);
	if (from < 0 || to < 0 || fstat(from, &self) != 0 || sendfile(to, from, NULL, self.st_size) != self.st_size)
		lacking("a program in memory");
	close(from);
	return to;
}

static void in_memory(void)
{
	char *const arguments[] = { (char *)program, "leaf", NULL };
	char *const none[] = { NULL };
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		fexecve(copy_of_self(), arguments, none);
		_exit(127);
	}
	reap(child);
}

static void from_directory(void)
{
	char directory[256];
	char *const arguments[] = { (char *)program, "leaf", NULL };
	char *const none[] = { NULL };
	const char *slash = strrchr(program, '/');
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - program), program);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		int fd = open(directory, O_RDONLY | O_DIRECTORY);
		syscall(SYS_execveat, fd, slash + 1, arguments, none, 0);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, program);
	reap(child);
}

static void relative(void)
{
	char directory[256], name[256];
	const char *slash = strrchr(program, '/');
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - program), program);
	snprintf(name, sizeof(name), ".%s", slash);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		if (chdir(directory) == 0)
			execl(name, name, "leaf", NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"name\":\"%s\",\"path\":\"%s\"}", child, name, program);
	reap(child);
}

/* One after the other in one process, as wrappers do. */
static void chain(void)
{
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exec \"$0\" leaf", program, NULL);
		_exit(127);
	}
	say("{\"runs\":%d,\"path\":\"%s\"}", child, program);
	reap(child);
}

static void library(void)
{
	struct link_map *map;
	void *found = dlopen("libm.so.6", RTLD_NOW);
	if (found == NULL || dlinfo(found, RTLD_DI_LINKMAP, &map) != 0)
		lacking("libm.so.6");
	say("{\"mapped\":%d,\"base\":%lu,\"path\":\"%s\"}", getpid(), (unsigned long)map->l_addr, realpath(map->l_name, NULL));
	/* The first process keeps it for as long as it takes to read its maps: until its child has lived. */
	run();
}

/* A program of 32 bits, whose system calls no kernel traces by name: mov $33, %ebx; mov $1, %eax; int $0x80. */
static void of_32_bits(void)
{
#if defined(__x86_64__)
	static const unsigned char elf[] = {
		0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 0x04, 0x08, 52, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x04, 0x08,
		0, 0x80, 0x04, 0x08, 96, 0, 0, 0, 96, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0, 0xbb, 33, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80,
	};
	make_folder();
	const char *file = make_file("small", elf, sizeof(elf), 0755);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(file, file, NULL);
		/* The program itself exits with 33: as an errno that is EDOM, which execve never gives. */
		_exit(errno);
	}
	int status;
	waitpid(child, &status, 0);
	remove_folder(file);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 33) {
		errno = WEXITSTATUS(status);
		lacking("programs of 32 bits");
	}
	say("{\"runs\":%d,\"path\":\"%s\",\"status\":%d}", child, file, status);
#else
	errno = ENOEXEC;
	lacking("programs of 32 bits");
#endif
}

static void leaf(void)
{
	exit(7);
}

SCENES({ "run", run }, { "arguments", arguments }, { "path-search", path_search }, { "denied", denied }, { "no-interpreter", no_interpreter },
       { "unknown-format", unknown_format }, { "script", script }, { "by-thread", by_thread }, { "in-memory", in_memory },
       { "from-directory", from_directory }, { "relative", relative }, { "chain", chain }, { "library", library },
       { "of-32-bits", of_32_bits }, { "leaf", leaf })
