/*
 * A storm of signals from several senders to targets that handle, ignore, or die of them. Who sends what to whom
 * is in plan files: lines of a signal's number and the index of a target. Each sender keeps a log of what kill()
 * said: lines of its pid, the number, the target's pid and the errno.
 *
 *	storm run HANDLE IGNORE DIE FIFO LOG PLAN...
 *		starts so many targets of each kind, says their pids ("targets 11 12 ..."), and a sender for each plan
 *		("sender 21"). When they are done and FIFO was opened and closed by somebody else, it ends.
 *	storm send LOG PLAN PID...
 *		a sender that is no child of the targets' parent
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 4096
static const int SIGNALS[] = { SIGUSR1, SIGTERM, SIGSEGV, SIGCHLD };
static pid_t targets[MOST];
static int target_count;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void handle(int number)
{
	(void)number;
}

static void be_target(const char *name, void (*disposition)(int), int ready)
{
	prctl(PR_SET_NAME, name);
	for (int i = 0; i < 4; i++)
		signal(SIGNALS[i], disposition);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

static void start_targets(const char *name, void (*disposition)(int), int count)
{
	for (int i = 0; i < count; i++) {
		int ready[2];
		char byte;
		if (pipe(ready))
			die("pipe");
		pid_t pid = fork();
		if (pid == 0)
			be_target(name, disposition, ready[1]);
		if (pid < 0 || read(ready[0], &byte, 1) != 1)
			die("target");
		close(ready[0]);
		close(ready[1]);
		targets[target_count++] = pid;
	}
}

static void send_all(const char *plan, const char *log)
{
	FILE *from = fopen(plan, "r");
	FILE *to = fopen(log, "a");
	int number, index;
	if (!from || !to)
		die(plan);
	while (fscanf(from, "%d %d", &number, &index) == 2) {
		int error = kill(targets[index], number) ? errno : 0;
		fprintf(to, "%d %d %d %d\n", getpid(), number, targets[index], error);
	}
	fclose(from);
	if (fclose(to))
		die(log);
}

static int run(char **arguments, int count)
{
	const char *fifo = arguments[3], *log = arguments[4];
	pid_t senders[16];
	int sender_count = 0;
	start_targets("storm-handles", handle, atoi(arguments[0]));
	start_targets("storm-ignores", SIG_IGN, atoi(arguments[1]));
	start_targets("storm-dies", SIG_DFL, atoi(arguments[2]));
	printf("targets");
	for (int i = 0; i < target_count; i++)
		printf(" %d", targets[i]);
	printf("\n");
	fflush(stdout);
	for (int i = 5; i < count; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			char own[4096];
			snprintf(own, sizeof(own), "%s.%d", log, i - 5);
			prctl(PR_SET_NAME, "storm-sender");
			send_all(arguments[i], own);
			_exit(0);
		}
		printf("sender %d\n", pid);
		fflush(stdout);
		senders[sender_count++] = pid;
	}
	for (int i = 0; i < sender_count; i++)
		waitpid(senders[i], NULL, 0);
	/* Somebody else may still send. */
	int wait = open(fifo, O_RDONLY);
	char byte;
	if (wait < 0)
		die(fifo);
	while (read(wait, &byte, 1) > 0)
		;
	for (int i = 0; i < target_count; i++)
		kill(targets[i], SIGKILL);
	for (int i = 0; i < target_count; i++)
		waitpid(targets[i], NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 7 && !strcmp(argv[1], "run"))
		return run(argv + 2, argc - 2);
	if (argc < 5 || strcmp(argv[1], "send"))
		return 2;
	prctl(PR_SET_NAME, "storm-outsider");
	for (int i = 4; i < argc && target_count < MOST; i++)
		targets[target_count++] = atoi(argv[i]);
	send_all(argv[3], argv[2]);
	return 0;
}
