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
      /^\{\n {2}"schema": "lifecycle\/1",\n {2}"verdict": \{\n {4}"text": "a.out [^\n]+",\n {4}"ended": \[\n {6}"5441@9978.187414"\n {4}\],\n {4}"outlived": \[\]\n {2}\},\n {2}"trace": \{\n {4}"source": "text",/,
    );
  });

  it('orders the keys of nested parts: the root of an exit, a sender and its ancestors, what a signal interrupted', () => {
    const [kill, chld] = WALKTHROUGH.signals;
    const [bash, aOut] = WALKTHROUGH.processes;
    const by = {
      ...kill!.sender!,
      tid: 4994,
      tgid: 4994,
      thread: 'bash',
      ancestors: [{ pid: 1, comm: 'systemd' }],
      control: null,
    };
    const report: Report = {
      ...WALKTHROUGH,
      verdict: { text: '1 of 2 killed', ended: [aOut!.id], outlived: [] },
      processes: [
        bash!,
        {
          ...aOut!,
          exit: { ...aOut!.exit!, root: { signal: 0, name: 'SIGTERM', ts: 1, by, way: ['handled'] } },
        },
      ],
      signals: [
        {
          ...kill!,
          sender: by,
          delivered: {
            ...kill!.delivered!,
            handlerTime: 0.0012,
            interrupted: { call: 'read', restarted: false },
          },
        },
        chld!,
      ],
    };
    const json = formatJson(reversed(report) as Report).replaceAll(/\s+/g, '');
    const sender =
      '{"pid":4994,"tid":4994,"tgid":4994,"comm":"bash","thread":"bash","ancestors":[{"pid":1,"comm":"systemd"}],"inTree":true,"irq":false,"control":null}';
    assert.ok(
      json.includes(`"root":{"signal":0,"name":"SIGTERM","ts":1,"by":${sender},"way":["handled"]}`),
      json,
    );
    assert.ok(json.includes(`"sender":${sender}`));
    assert.ok(json.includes('"handlerTime":0.0012,"interrupted":{"call":"read","restarted":false}'));
    assert.ok(json.includes('"verdict":{"text":"1of2killed","ended":["5441@9978.187414"],"outlived":[]}'));
  });

  it('keeps addresses as numbers', () => {
    assert.match(formatJson(WALKTHROUGH), /"base": 140664543019008,/);
  });

  it('puts keys that the contract does not have at the end', () => {
    const report = { later: 1, ...WALKTHROUGH };
    assert.deepEqual(Object.keys(JSON.parse(formatJson(report)) as object).at(-1), 'later');
  });
});
