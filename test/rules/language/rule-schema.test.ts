import Ajv2020 from 'ajv/dist/2020';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ruleSetSchema } from '../../../src/rules/language/rule-schema';
import { REFUSED, READ } from '../rules-files';

const SCHEMA_FILE = 'docs/rules.schema.json';
const WRITE =
  'node -e \'console.log(JSON.stringify(require("./dist/src/index.js").ruleSetSchema(), null, 2))\'';

describe('the JSON Schema of the rules', () => {
  const validate = new Ajv2020({
    strict: true,
    // What `required` names is described beside it, not inside it; likewise for types.
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    // Inlined, each level of a nested condition takes most of the stack.
    inlineRefs: false,
  }).compile(ruleSetSchema());
  const asJson = (input: unknown): unknown => JSON.parse(JSON.stringify(input));

  it(`is ${SCHEMA_FILE} (after a change: ${WRITE} > ${SCHEMA_FILE})`, () => {
    assert.deepEqual(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')), ruleSetSchema());
  });

  for (const [what, input] of READ) {
    it(`takes ${what}`, () => {
      validate(asJson(input));
      assert.deepEqual(validate.errors ?? [], []);
    });
  }

  for (const [what, input, by = 'both'] of REFUSED) {
    it(by === 'both' ? `refuses ${what}` : `can not say what is wrong with ${what}: the reader does`, () => {
      assert.equal(validate(asJson(input)), by === 'reader');
    });
  }
});
