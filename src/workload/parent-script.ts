/**
 * The traced parent: a shell that runs this script of ours. It is what the shell is in a walk-through by hand: it forks the
 * command, sends it the signal, gets its SIGCHLD and reaps it, so each of these is in the trace, in one task.
 *
 * The command is not in the parent's own arguments, where `pkill -f` would find it and end the parent: it comes as the
 * first line on 3, quoted by us (`quoteWords`), and is nothing but the positional parameters that this line sets.
 *
 * Descriptors: 3 the command, then orders to the parent; 7 the gate that the child waits at before exec; 6 reports from
 * the parent. Where the session dies at the gate, the pipes end without a line, and nothing is run.
 *
 * An order comes as a line on 3 and is announced by SIGUSR1, because a shell that waits reads nothing. The command too may
 * send its parent SIGUSR1, and two announcements may become one: so all that is there is read, and nothing is waited for.
 * (dash cannot ask, and is used only where there is no bash.)
 */

/** The signal by which the session announces an order. */
export const CONTROL_SIGNAL = 'SIGUSR1';

/**
 * bash: job control without a terminal gives the command a process group of its own and leaves SIGINT and
 * SIGQUIT alone; `exec -a` keeps the name as it was typed. Job control ends after the fork: with it `wait`
 * returns for a command that is only stopped, and bash ends with a SIGTERM for it.
 */
const BASH_LAUNCH =
  'IFS= read -r _ <&7 || exit 125; exec 2>&5 3<&- 5>&- 6>&- 7<&-; exec -a "$name" "$path" "$@"';
/** POSIX shells start background commands with SIGINT and SIGQUIT ignored and stdin from /dev/null. */
const SH_LAUNCH = 'IFS= read -r _ <&7 || exit 125; exec 2>&5 <&4 3<&- 4<&- 5>&- 6>&- 7<&-; exec "$path" "$@"';

function script(setUp: string, launch: string): string {
  return `${setUp}
newline='
'
IFS= read -r command <&3 || exit 125
eval "set -- $command"
path=$1 name=$2 command=; shift 2
echo "ready 0" >&6
child= interrupted=
# Whether this shell can ask if there is something to read, as bash and busybox can.
asks=; read -t 0 _ </dev/null && asks=1
obey() {
  case $to in group) kill "-$order" -- "-$child";; *) kill "-$order" "$child";; esac
}
orders() {
  if [ -z "$asks" ]; then read -r order to <&3 && obey; return; fi
  while read -t 0 _ <&3 && read -r order to <&3; do obey; done
}
trap 'interrupted=1; orders' USR1
IFS= read -r _ <&3 || exit 125
( ${launch} ) &
child=$!
set +m
echo "started $child" >&6
while :; do
  interrupted=
  wait "$child"; status=$?
  [ -n "$interrupted" ] || break
done
echo "ended $status" >&6`;
}

/**
 * Words as one line that a POSIX shell takes apart again with `eval "set -- $line"`, whatever is in them: in single quotes
 * everything but a single quote stands for itself (POSIX, 2.2.2). A newline comes from a variable, as `read` takes one line.
 */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''").replaceAll('\n', `'"$newline"'`)}'`).join(' ');
}

export const BASH_SCRIPT = script('set -m; exec 5>&2 2>/dev/null', BASH_LAUNCH);
export const SH_SCRIPT = script('exec 4<&0 5>&2 2>/dev/null', SH_LAUNCH);
