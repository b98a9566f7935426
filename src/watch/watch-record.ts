/**
 * What a watch sends on: one record for each signal and each end of a watched process, as soon as it is settled. A record is
 * a stage as `lifecycle-parse` sends it, so the rules judge both alike; its target names the service.
 */
import type { Service, Stage } from '../model/report';

export type WatchRecordName =
  /** A signal waits to be delivered. */
  | 'signal-generated'
  /** It is known what became of a signal. */
  | 'signal'
  /** A watched process ended. */
  | 'exit'
  /** A service has a new process. */
  | 'start'
  /** The kernel overwrote events. */
  | 'lost'
  /** Nobody watched for a while. */
  | 'gap';

export interface WatchRecord extends Omit<Stage, 'stage'> {
  readonly stage: WatchRecordName;
  /** Of the process that it is about; null where it is of none. */
  readonly service: Service | null;
}
