/** What an administrator may write under `ftraceLife` in settings.js, and what each limit does. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import { bufferKbOf, type SessionSettings } from '../../src/index';
import { DEFAULT_SETTINGS } from '../../src/session/session-settings';
import { reserveSession } from '../../nodes/ftrace-configure/session-quota';
import { readLimits } from '../../nodes/adapter/limits';
import { nameFile, requireReadable } from '../../nodes/adapter/readable-files';
import { temporaryFolder } from '../harness/temporary-folder';

const USER_DIR = '/home/nodered/.node-red';

describe('ftraceLife in settings.js', () => {
  it('has safe defaults', () => {
    const { maxBufferMb, ...limits } = readLimits(undefined, USER_DIR);
    assert.deepEqual(limits, {
      allowedCommands: null,
      mayKill: 'own',
      mayAttach: 'any',
      readFolders: [USER_DIR],
      maxSessions: 16,
    });
    assert.equal(maxBufferMb, Math.floor(totalmem() / 1024 / 1024 / 8));
  });

  it('lists commands as paths, or with what a flow may choose about each', () => {
    const { allowedCommands } = readLimits(
      {
        allowedCommands: [
          '/usr/bin/sleep',
          {
            path: '/usr/bin/backup',
            args: ['--fast', '/srv/[a-z]+'],
            env: ['LANG'],
            users: ['root', '12:34', 65534],
            folders: ['/srv'],
          },
        ],
      },
      USER_DIR,
    );
    const [sleep, backup] = allowedCommands!;
    assert.deepEqual(sleep, { path: '/usr/bin/sleep', args: null, env: [], users: [], folders: null });
    assert.deepEqual(
      ['--fast', '/srv/www', '/srv/www/..', 'x--fast'].map((text) =>
        backup!.args!.some(({ matches }) => matches(text)),
      ),
      [true, true, false, false],
    );
    assert.deepEqual(
      backup!.users.map(({ uid, gid }) => [uid, gid]),
      [
        [0, 0],
        [12, 34],
        [65534, 65534],
      ],
    );
  });
});

describe('a file that a message chooses', () => {
  const folder = temporaryFolder('readable');
  const allowed = path.join(folder, 'allowed');
  const other = path.join(folder, 'other');
  const limits = { readFolders: [allowed] };
  before(() => {
    for (const each of [allowed, other]) {
      mkdirSync(each);
      writeFileSync(path.join(each, 'trace.txt'), '');
    }
    symlinkSync(other, path.join(allowed, 'link'));
  });

  it('lies in a folder that may be read', async () => {
    const file = path.join(allowed, 'trace.txt');
    assert.equal(await requireReadable(file, limits), file);
    await assert.rejects(requireReadable(path.join(allowed, 'missing'), limits), { code: 'TRACE_MISSING' });
  });

  for (const way of [
    'other/trace.txt',
    'allowed/../other/trace.txt',
    'allowed/link/trace.txt',
    'other/missing',
  ]) {
    it(`is denied: ${way}`, async () => {
      await assert.rejects(requireReadable(path.join(folder, way), limits), {
        code: 'FILE_DENIED',
        message: /ftraceLife\.readFolders/,
      });
    });
  }

  it('may be anywhere while a deployed node names it', async () => {
    const file = path.join(other, 'trace.txt');
    const [first, second] = [nameFile(file), nameFile(file)];
    first();
    first();
    assert.equal(await requireReadable(file, limits), file);
    second();
    await assert.rejects(requireReadable(file, limits), { code: 'FILE_DENIED' });
  });
});

describe('the sessions that all nodes may arm', () => {
  const settings = (topic: string): SessionSettings => ({ ...DEFAULT_SETTINGS, topic });
  const mb = bufferKbOf(DEFAULT_SETTINGS) / 1024;

  it('are counted, and one of the same topic takes the place of the other', () => {
    const quota = { maxSessions: 2, maxBufferMb: 1e6 };
    const first = reserveSession(settings('a'), quota);
    const second = reserveSession(settings('b'), quota);
    assert.throws(() => reserveSession(settings('c'), quota), {
      code: 'LIMIT_REACHED',
      message: /2 sessions are armed, and ftraceLife\.maxSessions in settings\.js is 2$/,
    });
    const again = reserveSession(settings('a'), quota);
    // The one that was replaced ends later, and frees nothing.
    first();
    assert.throws(() => reserveSession(settings('c'), quota), { code: 'LIMIT_REACHED' });
    again();
    reserveSession(settings('c'), quota)();
    second();
  });

  it('share the memory of their ring buffers, of all CPUs', () => {
    const quota = { maxSessions: 9, maxBufferMb: mb * 1.5 };
    const first = reserveSession(settings('a'), quota);
    assert.throws(() => reserveSession(settings('b'), quota), {
      code: 'LIMIT_REACHED',
      message: new RegExp(`needs ${mb} MiB of ring buffer and others have ${mb} MiB`),
    });
    first();
    reserveSession(settings('b'), quota)();
  });
});
