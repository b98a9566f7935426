# What Perl does with processes: system, backquotes, pipes, fork, exec, kill and waitpid.
use strict;
use warnings;

system('true');
system('exit 3');
system('sh', '-c', 'kill -TERM $$');
my $said = `printf 'a\\nb\\n' | wc -l`;
open(my $from, '-|', 'printf', 'hello') or die;
my $line = <$from>;
close($from);
open(my $to, '|-', 'cat >/dev/null') or die;
print $to "x\n";
close($to);
{
    no warnings;
    system('no-such-program-anywhere');
}

pipe(my $ready, my $tell);
my $told = 0;
for my $signal (qw(TERM KILL USR1)) {
    my $child = fork();
    if ($child == 0) {
        $SIG{USR1} = sub { exit 21 };
        syswrite($tell, '.');
        1 while 1;
    }
    sysread($ready, my $dot, 1);
    kill($signal, $child);
    waitpid($child, 0);
}
$SIG{USR2} = sub { $told++ };
kill('USR2', $$);
$SIG{CHLD} = 'IGNORE';
if (fork() == 0) { exit 4 }
wait();
exit($told);
