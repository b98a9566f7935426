/** Why a session sends signals, in the words of `sender.control`. src/model/own-hand.ts makes sentences of them. */
export const DISARM = 'disarm';
export const STOP = 'stop of the run';
export const FLOW = 'asked by the flow';
export const SWEEP = 'sweep of an abandoned session';
export const PARENT_GONE = 'traced parent gone';

export function timeLimit(seconds: number): string {
  return `time limit of ${seconds} s`;
}
