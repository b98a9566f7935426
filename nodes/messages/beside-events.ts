/** What comes beside the events of a payload: losses, damage and notes. A message may come from anywhere. */
import type { NodeMessage } from 'node-red';
import { InvalidValue } from '../../src/trace-error';
import type { Damage, EventBatch, Loss, TraceNote } from '../../src/trace-event';
import { metadataOf } from './message-metadata';

const IN_MESSAGE = { code: 'MESSAGE_INVALID' } as const;

export interface BesideEvents {
  readonly losses: readonly Loss[];
  readonly damage: readonly Damage[];
  readonly notes: readonly TraceNote[];
}

/** What is in `msg.ftrace`. @throws InvalidValue MESSAGE_INVALID */
export function besideInMetadata(message: NodeMessage): BesideEvents {
  const { losses, damage, notes } = metadataOf(message);
  return {
    losses: readLosses('msg.ftrace.losses', losses),
    damage: readList('msg.ftrace.damage', damage) as readonly Damage[],
    notes: readList('msg.ftrace.notes', notes) as readonly TraceNote[],
  };
}

/** What is in a batch that went through JSON. @throws InvalidValue MESSAGE_INVALID */
export function besideInBatch(batch: Partial<Record<keyof EventBatch, unknown>>): BesideEvents {
  return {
    losses: readLosses('msg.payload.lost', batch.lost),
    damage: readList('msg.payload.damage', batch.damage) as readonly Damage[],
    notes: readList('msg.payload.notes', batch.notes) as readonly TraceNote[],
  };
}

export function joinBeside(one: BesideEvents, other: BesideEvents): BesideEvents {
  return {
    losses: [...one.losses, ...other.losses],
    damage: [...one.damage, ...other.damage],
    notes: [...one.notes, ...other.notes],
  };
}

function readLosses(place: string, given: unknown): Loss[] {
  const losses = readList(place, given) as readonly Loss[];
  for (const [index, loss] of losses.entries()) {
    const { cpu, ts, count } = loss as Partial<Record<keyof Loss, unknown>>;
    requireNumber(`${place}[${index}].cpu`, cpu);
    if (ts !== null && ts !== undefined) requireNumber(`${place}[${index}].ts`, ts);
    if (count !== null && count !== undefined) requireNumber(`${place}[${index}].count`, count);
  }
  return losses.map((loss) => ({ ...loss, ts: loss.ts ?? null, count: loss.count ?? null }));
}

/** Objects in an array; nothing where there is none. Their own content is the model's to explain. */
function readList(place: string, given: unknown): readonly object[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw new InvalidValue(place, 'an array', given, IN_MESSAGE);
  const at = given.findIndex((each) => typeof each !== 'object' || each === null);
  if (at >= 0) throw new InvalidValue(`${place}[${at}]`, 'an object', given[at], IN_MESSAGE);
  return given as object[];
}

function requireNumber(place: string, given: unknown): void {
  if (!Number.isFinite(given)) throw new InvalidValue(place, 'a finite number', given, IN_MESSAGE);
}
