import assert from 'node:assert/strict';
import { allScenarios } from '../vm/listed';
import { WALK_THROUGH } from '../vm/walkthrough';
import { rowsOf, sectionsOf } from './markdown';

describe('docs/kernels.md', () => {
  it('names scenarios that there are, as they are called', () => {
    const names = new Map<string, string>([
      [WALK_THROUGH.id, WALK_THROUGH.name],
      ...allScenarios().map(({ id, scenario }): [string, string] => [id, scenario.name]),
    ]);
    const section = sectionsOf('docs/kernels.md').find(({ title }) => title === 'The table');
    assert.ok(section, 'the section "The table"');
    const rows = rowsOf(section);
    assert.ok(rows.length > 0);
    for (const [id = '', name] of rows) assert.equal(name, names.get(id), id);
  });
});
