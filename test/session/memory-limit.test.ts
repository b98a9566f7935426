import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { smallestLimit } from '../../src/session/memory-limit';
import { temporaryFolder } from '../harness/temporary-folder';

/** A tree of cgroups with these files, and the line of its mount. */
function cgroups(type: 'cgroup' | 'cgroup2', files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('cgroups');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const options = type === 'cgroup' ? 'rw,nosuid,memory' : 'rw,nosuid';
  return `tmpfs /sys/fs/cgroup tmpfs rw 0 0\n${type} ${folder} ${type} ${options} 0 0\n`;
}

describe('the memory limit of a process', () => {
  it('is that of its cgroup of version 2', () => {
    const mounts = cgroups('cgroup2', { 'pod/memory.max': '67108864\n', 'memory.max': 'max\n' });
    assert.deepEqual(smallestLimit('0::/pod\n', mounts), { cgroup: '/pod', bytes: 67108864 });
  });

  it('is the smallest of those above it', () => {
    const mounts = cgroups('cgroup2', {
      'pod/a/memory.max': 'max\n',
      'pod/memory.max': '4096\n',
      'memory.max': 'max\n',
    });
    assert.deepEqual(smallestLimit('0::/pod/a\n', mounts), { cgroup: '/pod', bytes: 4096 });
  });

  it('is that of the memory controller of version 1, whose largest number is none', () => {
    const mounts = cgroups('cgroup', {
      'pod/memory.limit_in_bytes': '4096\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
    });
    const text = '9:name=systemd:/\n4:memory:/pod (deleted)\n0::/other\n';
    assert.deepEqual(smallestLimit(text, mounts), { cgroup: '/pod', bytes: 4096 });
    assert.equal(smallestLimit('4:memory:/\n', mounts), null);
  });

  it('is not known where no such hierarchy is mounted', () => {
    assert.equal(smallestLimit('0::/pod\n', 'proc /proc proc rw 0 0\n'), null);
    assert.equal(smallestLimit('', cgroups('cgroup2', {})), null);
  });
});
