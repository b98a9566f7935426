import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Preflight } from '../../src/tracefs/preflight';
import { needs } from '../harness/requirements';

/** Of no user of any machine: above what user namespaces and services are given. */
const NOBODYS_UID = 4_000_000_011;

/** Loads as root, since a checkout may be where only root can read, and then looks as the other. */
const LOOK = `
  const { inspectTracing } = require(process.argv[1]);
  process.setgroups([]);
  process.setgid(${NOBODYS_UID});
  process.setuid(${NOBODYS_UID});
  console.log(JSON.stringify(inspectTracing()));
`;

describe('what this machine allows', () => {
  before(async function () {
    await needs(this, { root: true, tracefs: true });
  });

  it('is found for a uid that has no name, as containers run with', () => {
    assert.doesNotMatch(readFileSync('/etc/passwd', 'utf8'), new RegExp(`:${NOBODYS_UID}:`));
    const module = path.resolve('dist/src/tracefs/preflight.js');
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', LOOK, module], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const { canTrace, code, findings } = JSON.parse(stdout) as Preflight;
    assert.equal(canTrace, false);
    assert.equal(code, 'TRACEFS_DENIED');
    const permission = findings.find(({ subject }) => subject === 'permission');
    assert.match(permission?.found ?? '', new RegExp(`\\b${NOBODYS_UID}\\b`));
  });
});
