import assert from 'node:assert/strict';
import { DEFAULT_SETTINGS, readSessionSettings } from '../../src/session/session-settings';

describe('the settings of a session', () => {
  it('are the defaults where nothing is said', () => {
    assert.deepEqual(readSessionSettings({}), DEFAULT_SETTINGS);
  });

  it('take events as a preset, a list, or names in one string', () => {
    assert.equal(readSessionSettings({ events: 'all' }).events, 'all');
    assert.deepEqual(readSessionSettings({ events: 'signal:*, sched_process_exit' }).events, [
      'signal:*',
      'sched_process_exit',
    ]);
  });

  for (const given of [
    { topic: '' },
    { events: 'a;b' },
    { events: ['../x'] },
    { events: [] },
    { events: 7 },
    { bufferKb: 3 },
    { bufferKb: 'much' },
    { clock: 'wall' },
    { fileNames: 'yes' },
  ]) {
    it(`are refused with the name of the setting: ${JSON.stringify(given)}`, () => {
      const [name] = Object.keys(given);
      assert.throws(
        () => readSessionSettings(given),
        (error: Error & { code?: string }) =>
          error.code === 'CONFIG_INVALID' && error.message.includes(`: ${name}: expected `),
      );
    });
  }
});
