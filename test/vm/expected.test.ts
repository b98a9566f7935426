import assert from 'node:assert/strict';
import { readExpectedTable, worseThanExpected } from './expected';

describe('the table of scenarios by kernel', () => {
  const table = readExpectedTable();

  it('has every kernel, and promises most cells without a doubt', () => {
    assert.deepEqual([...table.keys()], ['5.10', '6.1', '6.12', '6.18', '7.3']);
    for (const [series, column] of table) {
      const outcomes = [...column.values()];
      assert.ok(outcomes.length > 80, `${series}: ${outcomes.length} scenarios`);
      assert.ok(outcomes.filter((outcome) => outcome === 'ok').length > 0.8 * outcomes.length, series);
      assert.ok(!outcomes.includes('WRONG'), series);
    }
  });

  const cell = (id: string, outcome: 'ok' | 'incomplete' | 'not run' | 'WRONG') => ({
    id,
    outcome,
    reason: 'why',
  });

  it('makes a cell that is worse a failure', () => {
    assert.deepEqual(
      worseThanExpected(table, '6.12', [
        cell('fatal/kill', 'incomplete'),
        cell('births/fork', 'not run'),
        cell('exits/storm', 'WRONG'),
        cell('of/tomorrow', 'incomplete'),
      ]),
      [
        '6.12 fatal/kill: incomplete, expected ok: why',
        '6.12 births/fork: not run, expected ok: why',
        '6.12 exits/storm: WRONG, expected incomplete: why',
        '6.12 of/tomorrow: incomplete, expected ok: why',
      ],
    );
  });

  it('is content with what it says, and with better', () => {
    assert.deepEqual(
      worseThanExpected(table, '6.12', [cell('exits/storm', 'incomplete'), cell('fatal/kill', 'ok')]),
      [],
    );
  });
});
