#!/vm/busybox sh
# The first process of a guest. ttyS1 has the results, ttyS2 what else is said.
b=/vm/busybox
$b mkdir -p /proc /sys /dev /run /root /var/tmp
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs tmpfs /dev/shm
$b ln -s /proc/self/fd /dev/fd
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
$b mount -t tracefs tracefs /sys/kernel/tracing
$b chmod 755 /
$b chmod 1777 /tmp /var/tmp
# The kernel takes seconds of an emulated processor to print its symbols, and each session reads those of code.
$b grep ' [tTwW] ' /proc/kallsyms > /run/kallsyms
$b mount --bind /run/kallsyms /proc/kallsyms
$b hostname guest
$b ip link set lo up
$b stty -F /dev/ttyS1 raw -echo
$b stty -F /dev/ttyS2 raw -echo
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset TERM
cd /tmp
/usr/bin/node /vm/runner/guest.js < /dev/null > /dev/ttyS1 2> /dev/ttyS2
echo "{\"exit\":$?}" > /dev/ttyS1
$b poweroff -f
