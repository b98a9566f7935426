/** The examples of the import menu as flows to deploy, with what a test must change in them and feed into them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FlowNode } from '../harness/node-red-process';

const EXAMPLES = path.join(process.cwd(), 'examples');

/** @param file relative to examples/ */
export function example(file: string): FlowNode[] {
  return JSON.parse(readFileSync(path.join(EXAMPLES, file), 'utf8')) as FlowNode[];
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

/** As a user sets the variables of a flow in its tab's dialog. @throws for a name that the flow does not have */
export function withVariables(
  flow: readonly FlowNode[],
  given: Readonly<Record<string, string | number>>,
): FlowNode[] {
  const known = flow.flatMap(({ type, env }) => (type === 'tab' ? ((env ?? []) as Variable[]) : []));
  for (const name of Object.keys(given)) {
    if (!known.some((variable) => variable.name === name))
      throw new Error(`the flow has no variable ${name}`);
  }
  const env = known.map((variable) => {
    const value = given[variable.name];
    return value === undefined ? variable : { name: variable.name, value: String(value), type: 'str' };
  });
  return flow.map((node) => (node.type === 'tab' ? { ...node, env } : node));
}

/** As a user changes the settings of one node. @throws for a node that the flow does not have */
export function withSettings(
  flow: readonly FlowNode[],
  id: string,
  settings: Readonly<Record<string, unknown>>,
): FlowNode[] {
  if (!flow.some((node) => node.id === id)) throw new Error(`the flow has no node ${id}`);
  return flow.map((node) => (node.id === id ? { ...node, ...settings } : node));
}

/** The button that `fedInto` adds. */
export const FEED = 'test-feed';

/** With a button that sends these payloads, one message each, to a node of the flow. */
export function fedInto(flow: readonly FlowNode[], node: string, payloads: readonly unknown[]): FlowNode[] {
  const z = flow.find(({ type }) => type === 'tab')!.id;
  const feed = {
    id: FEED,
    type: 'inject',
    z,
    name: '',
    props: [{ p: 'payload', v: JSON.stringify(payloads), vt: 'json' }],
    x: 0,
    y: 0,
    wires: [['test-split']],
  };
  const split = {
    id: 'test-split',
    type: 'split',
    z,
    splt: '\\n',
    spltType: 'str',
    arraySplt: 1,
    arraySpltType: 'len',
    stream: false,
    addname: '',
    x: 0,
    y: 0,
    wires: [[node]],
  };
  return [...flow, feed, split];
}

/** An alert as signal-filter sends it, as far as the examples look at it. */
export function anAlert(given: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'a1',
    about: 'signal',
    severity: 'error',
    rule: 'killed by its parent',
    reason: 'its own parent killed it',
    count: 1,
    time: '2026-02-03T04:05:06.789Z',
    signal: { signal: 'SIGKILL', number: 9, target: { pid: 4242, tgid: 4242, comm: 'sleep' } },
    process: { id: '4242@17.250000', comm: 'sleep', path: '/usr/bin/sleep', ancestors: [] },
    text: 'sleep (4242) was killed (SIGKILL) by its parent, bash (4241)',
    ...given,
  };
}
