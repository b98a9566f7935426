/** The Function nodes of the fleet's examples, as text: what a reader of the flow meets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface FunctionNode {
  readonly type: string;
  readonly name: string;
  readonly func: string;
  readonly initialize: string;
}

function functionsOf(file: string): FunctionNode[] {
  const flow = JSON.parse(readFileSync(path.join(process.cwd(), 'examples', file), 'utf8')) as FunctionNode[];
  return flow.filter(({ type }) => type === 'function');
}

const host = functionsOf('3 Fleet, a host.json');
const overview = functionsOf('4 Fleet, the overview.json');

describe('the functions of a fleet', () => {
  for (const { name, func, initialize } of [...host, ...overview])
    it(`say first what they are for, and are short: ${name}`, () => {
      for (const text of [func, initialize].filter((each) => each !== '')) {
        assert.match(text, /^\/\/ \p{Lu}/u);
        assert.ok(text.split('\n').length <= 40, text);
      }
    });

  it('write both files in the same way', () => {
    const write = (of: FunctionNode[], name: string): string => of.find((each) => each.name === name)!.func;
    assert.equal(write(host, 'write the outbox'), write(overview, 'write it down'));
  });
});
