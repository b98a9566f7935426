import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findEvents } from '../../src/session/arming';
import { temporaryFolder } from '../harness/temporary-folder';

describe('the events that a pattern names', () => {
  const tracefs = temporaryFolder('events');
  before(() => {
    for (const event of ['signal/signal_generate', 'signal/signal_deliver', 'sched/sched_process_exit']) {
      mkdirSync(path.join(tracefs, 'events', event), { recursive: true });
      writeFileSync(path.join(tracefs, 'events', event, 'enable'), '0\n');
    }
    // Described, and nothing that can be enabled.
    mkdirSync(path.join(tracefs, 'events/ftrace', `signal_${'a'.repeat(60)}`), { recursive: true });
  });

  it('are those of every system, or of one', () => {
    assert.deepEqual(findEvents(tracefs, ['signal:*']).sort(), [
      'signal/signal_deliver',
      'signal/signal_generate',
    ]);
    assert.deepEqual(findEvents(tracefs, ['*_exi?']), ['sched/sched_process_exit']);
  });

  it('are found at once, with any number of stars', () => {
    assert.throws(() => findEvents(tracefs, [`${'*a'.repeat(30)}b`]), /EVENT_UNKNOWN|is not in/);
  });
});
