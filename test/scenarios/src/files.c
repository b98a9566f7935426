/* What descriptors mean: each scene maps a library by a descriptor that came to it in some way. */
#include "truth.h"
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Any library that the program itself does not load; found by where the loader looks. */
static const char *library(void)
{
	static const char *const places[] = { "/usr/lib/x86_64-linux-gnu/libm.so.6", "/lib/x86_64-linux-gnu/libm.so.6",
					      "/usr/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6" };
	static char real[4096];
	for (size_t at = 0; at < sizeof(places) / sizeof(*places); at++)
		if (realpath(places[at], real) != NULL)
			return real;
	lacking("libm.so.6");
	return NULL;
}

/* Maps what it is, and says so; the read lets the page cache name it. */
static void map(int fd)
{
	char head[64];
	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		_exit(2);
	void *base = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	say("{\"mapped\":%d,\"base\":%lu,\"path\":\"%s\"}", getpid(), (unsigned long)base, library());
}

static int open_library(int flags)
{
	char head[64];
	int fd = open(library(), O_RDONLY | flags);
	if (fd < 0 || read(fd, head, sizeof(head)) != sizeof(head))
		_exit(1);
	return fd;
}

static void duplicated(void)
{
	int fd = open_library(O_CLOEXEC);
	int other = fcntl(dup2(fd, 77), F_DUPFD_CLOEXEC, 90);
	close(fd);
	close(77);
	/* The first number is another file now. */
	open("/dev/null", O_RDONLY);
	map(other);
}

static void inherited(void)
{
	int fd = open_library(O_CLOEXEC);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		map(fd);
		_exit(0);
	}
	close(fd);
	reap(child);
}

/* The number that closed on exec is taken by another file there. */
static void over_exec(void)
{
	int kept = dup2(open_library(O_CLOEXEC), 40);
	char number[16];
	snprintf(number, sizeof(number), "%d", kept);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(program, program, "map", number, NULL);
		_exit(127);
	}
	reap(child);
}

static void closed_on_exec(void)
{
	int fd = dup3(open("/dev/null", O_RDONLY | O_CLOEXEC), 3, O_CLOEXEC);
	pid_t child = born(fork(), "clone");
	if (child == 0) {
		execl(program, program, "open-and-map", NULL);
		_exit(127);
	}
	reap(child);
	close(fd);
}

static void by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	int fd = syscall(SYS_openat2, AT_FDCWD, library(), &how, sizeof(how));
	if (fd < 0)
		lacking("openat2");
	say("{\"opened\":%d,\"call\":\"openat2\"}", fd);
	map(fd);
}

static void failing(void)
{
	say("{\"failed\":%d}", open("/no/such/file", O_RDONLY) == -1 ? errno : 0);
	say("{\"failed\":%d}", open("/", O_WRONLY) == -1 ? errno : 0);
}

/* Received over a socket: no trace says what it is. */
static void received(void)
{
	int ends[2], fd = open_library(O_CLOEXEC), got;
	char byte = 0, room[CMSG_SPACE(sizeof(int))];
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		lacking("socketpair");
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	if (sendmsg(ends[0], &message, 0) != 1 || recvmsg(ends[1], &message, 0) != 1)
		lacking("SCM_RIGHTS");
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	close(fd);
	map(got);
}

static int opened_by_other = -1;

static void *opening(void *unused)
{
	(void)unused;
	say("{\"thread\":%d,\"of\":%d}", tid(), getpid());
	opened_by_other = open_library(O_CLOEXEC);
	return NULL;
}

static void by_other_thread(void)
{
	pthread_t other;
	pthread_create(&other, NULL, opening, NULL);
	pthread_join(other, NULL);
	map(opened_by_other);
}

/* io_uring opens in the kernel, without the system call. */
static void by_io_uring(void)
{
	struct io_uring_params setup = { 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &setup);
	if (ring < 0)
		lacking("io_uring_setup");
	char *sent = mmap(NULL, setup.sq_off.array + setup.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
			  IORING_OFF_SQ_RING);
	char *done = mmap(NULL, setup.cq_off.cqes + setup.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *entries = mmap(NULL, setup.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	if (sent == MAP_FAILED || done == MAP_FAILED || entries == MAP_FAILED)
		lacking("the rings of io_uring");
	memset(entries, 0, sizeof(*entries));
	entries->opcode = IORING_OP_OPENAT;
	entries->fd = AT_FDCWD;
	entries->addr = (uintptr_t)library();
	entries->open_flags = O_RDONLY;
	*(uint32_t *)(sent + setup.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sent + setup.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		lacking("io_uring_enter");
	struct io_uring_cqe *entry = (struct io_uring_cqe *)(done + setup.cq_off.cqes);
	if (entry->res < 0)
		lacking("IORING_OP_OPENAT");
	say("{\"opened\":%d,\"call\":\"io_uring\"}", entry->res);
	map(entry->res);
}

static void open_and_map(void)
{
	map(open_library(O_CLOEXEC));
}

/* Not a scene of the table: what over_exec runs. */
static void map_given(void)
{
	map(40);
}

SCENES({ "duplicated", duplicated }, { "inherited", inherited }, { "over-exec", over_exec },
       { "closed-on-exec", closed_on_exec }, { "openat2", by_openat2 }, { "failing", failing }, { "received", received },
       { "other-thread", by_other_thread }, { "io_uring", by_io_uring }, { "open-and-map", open_and_map }, { "map", map_given })
