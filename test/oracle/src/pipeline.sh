# Pipes, a subshell at the end of one, a substitution.
set -e
printf 'b\na\nb\n' | sort | uniq -c | wc -l
printf 'a\n' | (
  read -r line
  test "$line" = a
)
test "$(printf 'c\nd\n' | wc -l)" -eq 2
# Nobody may leave before the other has written: SIGPIPE or not would be a race.
! printf 'a\n' | (
  read -r line
  exit 3
)
