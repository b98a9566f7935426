# Exit codes, subshells, jobs, and every signal that ends a process or does not. Whoever is to be killed while it runs
# says through a FIFO that it is there, and spins: no program of it may have begun or not.
mkfifo ready

(exit 3)
sh -c 'exit 255'
( (exit 7); exit 8)
sh -c 'no-such-program-anywhere'
./no-such-file
sh -c 'exec sh -c "exit 9"'

for signal in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT XCPU XFSZ VTALRM PROF PWR SYS; do
  sh -c "kill -$signal \$\$; exit 1"
done
for signal in CHLD CONT URG WINCH; do
  sh -c "kill -$signal \$\$; exit 6"
done

sh -c 'trap "exit 5" TERM; kill -TERM $$; exit 1'
sh -c 'trap "" TERM; kill -TERM $$; exit 0'
sh -c 'trap "" TERM; exec sh -c "kill -TERM \$\$; exit 4"'
sh -c 'trap ":" TERM; sh -c "kill -TERM \$\$; exit 4"; exit 2'
sh -c 'trap "exit 7" EXIT; exit 1'
sh -c 'sh -c "kill -INT \$\$; exit 10" & wait $!'
sh -c 'ulimit -c unlimited; kill -SEGV $$'
sh -c 'ulimit -c unlimited; kill -ABRT $$'
sh -c 'ulimit -c 0; kill -QUIT $$'

(exit 11) &
wait $!

for signal in TERM KILL USR1 HUP; do
  (
    : >ready
    while :; do :; done
  ) &
  read -r _ <ready
  kill -$signal $!
  wait $!
done

(
  trap 'exit 12' TERM
  : >ready
  while :; do :; done
) &
read -r _ <ready
kill -TERM $!
wait $!
exit 42
