import assert from 'node:assert/strict';
import { readMutedSignals, SELECTOR_KINDS, readSelector, readSelectors } from '../../src/watch/selector';
import { readWatchSettings, USUALLY_MUTED } from '../../src/watch/watch-settings';

describe('a selector', () => {
  const words: readonly (readonly [word: string, kind: string, value: string])[] = [
    ['nginx*', 'name', 'nginx*'],
    ['name:host', 'name', 'host'],
    ['/usr/sbin/nginx', 'path', '/usr/sbin/nginx'],
    ['web.service', 'unit', 'web.service'],
    ['unit:web*', 'unit', 'web*'],
    ['812', 'pid', '812'],
    ['name:812', 'name', '812'],
    ['container:1a2b3c4d5e6f', 'container', '1a2b3c4d5e6f'],
    ['cgroup:/kubepods', 'cgroup', '/kubepods'],
    ['user:www', 'user', 'www'],
    ['pidfile:/run/web.pid', 'pidfile', '/run/web.pid'],
    ['children-of:812', 'children-of', '812'],
    ['host', 'host', ''],
    // A program may be called so.
    ['name:foo:bar', 'name', 'foo:bar'],
    ['postgres: writer', 'name', 'postgres: writer'],
  ];
  for (const [word, kind, value] of words) {
    it(`"${word}" asks for the ${kind} "${value}"`, () => {
      assert.deepEqual(readSelector(word, 'selectors').conditions, [{ kind, value }]);
    });
  }

  it('with commas has conditions that must all hold, and keeps its text', () => {
    assert.deepEqual(readSelector(' user:www, name:node ', 'selectors'), {
      text: 'user:www, name:node',
      conditions: [
        { kind: 'user', value: 'www' },
        { kind: 'name', value: 'node' },
      ],
    });
  });

  for (const [word, said] of [
    ['', 'conditions with commas between'],
    ['user:www,', 'conditions with commas between'],
    ['unit:', 'something after "unit:"'],
    ['pid:x', 'a pid from 1 to 4194303'],
    ['pid:0', 'a pid from 1 to 4194303'],
    ['pidfile:web.pid', 'an absolute path'],
    [
      'uint:web.service',
      `${SELECTOR_KINDS.join(', ')} before a colon (did you mean "unit"?), found "uint:web.service"`,
    ],
    ['service:ssh', `${SELECTOR_KINDS.join(', ')} before a colon, found "service:ssh"`],
  ] as const) {
    it(`"${word}" is refused: expected ${said}`, () => {
      assert.throws(
        () => readSelector(word, 'selectors'),
        (error: Error & { code?: string }) =>
          error.code === 'CONFIG_INVALID' && error.message.includes(`selectors: expected ${said}`),
      );
    });
  }

  it('is on a line of its own in a text', () => {
    const texts = readSelectors('nginx\n\n  web.service\n', 'selectors').map(({ text }) => text);
    assert.deepEqual(texts, ['nginx', 'web.service']);
  });
});

describe('the settings of a watch', () => {
  it('that name nobody are of the whole host, with the usual signals muted', () => {
    const { selectors, muted, exclude } = readWatchSettings({});
    assert.deepEqual(
      selectors.map(({ text }) => text),
      ['host'],
    );
    assert.deepEqual(muted, USUALLY_MUTED);
    assert.deepEqual(exclude, []);
  });

  it('name muted signals by name or number', () => {
    assert.deepEqual(readMutedSignals('USR1, SIGALRM 34', 'muted'), [10, 14, 34]);
    assert.throws(() => readMutedSignals(['SIGNOSUCH'], 'muted'), /a signal such as SIGTERM/);
    assert.throws(() => readMutedSignals([65], 'muted'), /a signal such as SIGTERM/);
  });

  it('refuse a buffer of no size, and more selectors than a person writes', () => {
    assert.throws(() => readWatchSettings({ bufferKb: 0 }), /bufferKb/);
    assert.throws(
      () => readWatchSettings({ selectors: Array.from({ length: 101 }, () => 'a') }),
      /at most 100/,
    );
  });
});
