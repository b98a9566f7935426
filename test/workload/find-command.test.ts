import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findCommand } from '../../src/workload/find-command';
import { temporaryFolder } from '../harness/temporary-folder';

describe('the search for a command', () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder('commands');
    for (const name of ['first', 'second']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'first/tool'), '', { mode: 0o644 });
    writeFileSync(path.join(folder, 'second/tool'), '', { mode: 0o755 });
    writeFileSync(path.join(folder, 'first/plain'), '', { mode: 0o644 });
    chmodSync(path.join(folder, 'first/plain'), 0o644);
  });

  it('goes through PATH in order and passes over what may not be run', () => {
    const found = findCommand('tool', folder, `${folder}/first:${folder}/second`);
    assert.equal(found, path.join(folder, 'second/tool'));
  });

  it('takes a path with a slash as it is, from the directory that it runs in', () => {
    assert.equal(findCommand('./second/tool', folder), './second/tool');
  });

  it('takes an empty entry of PATH for that directory', () => {
    assert.equal(findCommand('tool', path.join(folder, 'second'), ''), 'tool');
  });

  it('ends with ENOENT where there is no such file, program or directory', () => {
    assert.throws(() => findCommand('nowhere', folder, `${folder}/first`), { code: 'ENOENT' });
    assert.throws(() => findCommand('./nowhere', folder), { code: 'ENOENT' });
    assert.throws(() => findCommand('sh', path.join(folder, 'gone')), { code: 'ENOENT' });
  });

  it('ends with EACCES where it may not be run', () => {
    assert.throws(() => findCommand('plain', folder, `${folder}/first`), { code: 'EACCES' });
    assert.throws(() => findCommand('./first/plain', folder), { code: 'EACCES' });
    assert.throws(() => findCommand('./first', folder), { code: 'EACCES' });
  });
});
