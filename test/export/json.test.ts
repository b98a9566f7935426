import assert from 'node:assert/strict';
import { formatJson } from '../../src/export/json';
import type { Report } from '../../src/model/report';
import { WALKTHROUGH } from './walkthrough-report';

/** The same value with all keys in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, reversed(inner)])
      .reverse(),
  );
}

describe('a report as JSON', () => {
  it('loses nothing', () => {
    assert.deepEqual(JSON.parse(formatJson(WALKTHROUGH)), WALKTHROUGH);
  });

  it('has its keys in the order of the contract, however it was built', () => {
    const other = reversed(WALKTHROUGH) as Report;
    assert.notEqual(JSON.stringify(other), JSON.stringify(WALKTHROUGH));
    assert.equal(formatJson(other), formatJson(WALKTHROUGH));
    assert.match(
      formatJson(other),
      /^\{\n {2}"schema": "lifecycle\/1",\n {2}"trace": \{\n {4}"source": "text",/,
    );
  });

  it('keeps addresses as numbers', () => {
    assert.match(formatJson(WALKTHROUGH), /"base": 140664543019008,/);
  });

  it('puts keys that the contract does not have at the end', () => {
    const report = { later: 1, ...WALKTHROUGH };
    assert.deepEqual(Object.keys(JSON.parse(formatJson(report)) as object).at(-1), 'later');
  });
});
