/** The texts of signal-filter's dialog, for tests. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Say } from '../../../src/rule-language';

/** The catalogue of a language, as it is written. */
export function catalogueOf(language: string): Readonly<Record<string, unknown>> {
  const file = `nodes/signal-filter/locales/${language}/signal-filter.json`;
  const catalogue = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  return catalogue['signal-filter']!;
}

/** Looks a text up as Node-RED does. @throws where there is none */
export function sayIn(language: string): Say {
  const texts = catalogueOf(language);
  return (key, values = {}) => {
    const text = key
      .split('.')
      .reduce<unknown>((tree, part) => (tree as Record<string, unknown> | undefined)?.[part], texts);
    assert.ok(typeof text === 'string', `${language}: there is no text ${key}`);
    return text.replace(/__(\w+?)__/g, (_, name: string) => {
      assert.ok(name in values, `${key} expects ${name}`);
      return String(values[name]);
    });
  };
}
