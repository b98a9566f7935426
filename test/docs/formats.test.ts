import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { rowsOf, sectionsOf } from './markdown';

const PROOF = /^`([^`]+)`: (.+)$/;

describe('docs/formats.md', () => {
  const rows = sectionsOf('docs/formats.md').flatMap(rowsOf);

  it('has a row for each form', () => {
    assert.ok(rows.length > 30, `${rows.length} rows`);
  });

  for (const row of rows) {
    it(`names the test that proves: ${row[0]}`, () => {
      const [, file = '', title = ''] = PROOF.exec(row.at(-1)!) ?? [];
      assert.ok(existsSync(file), `no file ${file}`);
      assert.ok(readFileSync(file, 'utf8').includes(title), `${file} has no test "${title}"`);
    });
  }
});
