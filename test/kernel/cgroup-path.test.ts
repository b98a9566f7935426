import assert from 'node:assert/strict';
import { cgroupOf, containerOf, unitOf } from '../../src/kernel/cgroup-path';

const ID = '3f2a9bd0c1e84c0d9a7d3a5f6e1b2c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const OTHER = ID.replaceAll('3', 'f');

/** Paths as machines have them; what they are of. */
const PATHS: readonly (readonly [path: string, unit: string | null, container: string | null])[] = [
  ['/', null, null],
  ['/init.scope', 'init.scope', null],
  ['/system.slice', null, null],
  ['/system.slice/ssh.service', 'ssh.service', null],
  ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service', null],
  [
    '/system.slice/system-systemd\\x2dfsck.slice/systemd-fsck@dev-disk-by\\x2duuid-1234.service',
    'systemd-fsck@dev-disk-by\\x2duuid-1234.service',
    null,
  ],
  // A name that begins as the kernel's own files do has a `_` before it.
  ['/system.slice/_cgroup-helper.service', 'cgroup-helper.service', null],
  // What a service has below itself is of the service.
  ['/system.slice/systemd-udevd.service/udev', 'systemd-udevd.service', null],
  ['/system.slice/docker.service', 'docker.service', null],
  ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope', null],
  ['/user.slice/user-1000.slice/user@1000.service', 'user@1000.service', null],
  ['/user.slice/user-1000.slice/user@1000.service/init.scope', 'init.scope', null],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice/foo.scope', 'foo.scope', null],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1a2b.scope',
    'vte-spawn-1a2b.scope',
    null,
  ],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice', 'user@1000.service', null],
  // In a container with systemd inside, the unit is the machine's, not the container's own.
  [
    '/machine.slice/systemd-nspawn@deb.service/payload/system.slice/ssh.service',
    'systemd-nspawn@deb.service',
    null,
  ],
  [`/system.slice/docker-${ID}.scope`, `docker-${ID}.scope`, ID],
  [`/docker/${ID}`, null, ID],
  [`/docker/${ID}/init`, null, ID],
  // Docker in docker: the process is in the inner one.
  [`/docker/${ID}/docker/${OTHER}`, null, OTHER],
  [`/machine.slice/libpod-${ID}.scope/container`, `libpod-${ID}.scope`, ID],
  [`/machine.slice/libpod-${ID}.scope`, `libpod-${ID}.scope`, ID],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
    `libpod-${ID}.scope`,
    ID,
  ],
  [`/libpod_parent/libpod-${ID}`, null, ID],
  // Who watches a container is not in it.
  [`/machine.slice/libpod-conmon-${ID}.scope`, `libpod-conmon-${ID}.scope`, null],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b_3c.slice/cri-containerd-${ID}.scope`,
    `cri-containerd-${ID}.scope`,
    ID,
  ],
  [`/kubepods.slice/kubepods-pod1a2b.slice/crio-${ID}.scope`, `crio-${ID}.scope`, ID],
  [`/kubepods.slice/kubepods-pod1a2b.slice/crio-conmon-${ID}.scope`, `crio-conmon-${ID}.scope`, null],
  [`/kubepods/besteffort/pod8b2e1a2b-0c1d-4e5f-8a9b-0c1d2e3f4a5b/${ID}`, null, ID],
  [
    `/system.slice/containerd.service/kubepods-burstable-pod1a2b.slice:cri-containerd:${ID}`,
    'containerd.service',
    ID,
  ],
  [`/ecs/0123456789abcdef0123456789abcdef/${ID}`, null, ID],
  ['/lxc/web', null, 'web'],
  ['/lxc.payload.web', null, 'web'],
  ['/lxc.payload.web/system.slice/ssh.service', null, 'web'],
  ['/lxc.payload/web', null, 'web'],
  ['/lxc.monitor.web', null, null],
  // Seen from inside another cgroup namespace.
  [`/../../system.slice/cron.service`, null, null],
  // Hexadecimal, and no container.
  [
    '/system.slice/run-r0123456789abcdef0123456789abcdef.service',
    'run-r0123456789abcdef0123456789abcdef.service',
    null,
  ],
  ['/deadbeef', null, null],
];

describe('the path of a cgroup', () => {
  for (const [path, unit, container] of PATHS) {
    it(`${path} is of unit ${unit ?? 'none'}, container ${container?.slice(0, 12) ?? 'none'}`, () => {
      assert.deepEqual([unitOf(path), containerOf(path)], [unit, container]);
    });
  }
});

describe('/proc/PID/cgroup', () => {
  const V1 = '12:pids:/user.slice\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n';
  for (const [what, text, path] of [
    ['has the path of version 2', '0::/system.slice/ssh.service\n', '/system.slice/ssh.service'],
    [
      'has it beside those of version 1',
      '4:memory:/x\n1:name=systemd:/init.scope\n0::/system.slice/a.service\n',
      '/system.slice/a.service',
    ],
    ['has the one of systemd without version 2', V1, '/user.slice/user-0.slice/session-1.scope'],
    [
      'has the one of systemd where version 2 has only its root',
      `${V1}0::/\n`,
      '/user.slice/user-0.slice/session-1.scope',
    ],
    ['has the root alone', '0::/\n', '/'],
    ['has one that was removed already', '0::/a b (deleted)\n', '/a b'],
    ['has a colon in its path', '0::/a:b\n', '/a:b'],
    ['has none for a process that is gone', '', null],
    ['has none without version 2 and systemd', '4:memory:/x\n', null],
  ] as const) {
    it(what, () => {
      assert.equal(cgroupOf(text), path);
    });
  }
});
