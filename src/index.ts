/** The library without Node-RED: what `require('@tracelife/node-red-ftrace')` gives. */
export { EventList } from './event-list';
export { formatEvent, formatHeader, formatLoss, formatNote } from './export/ftrace-text';
export { formatJson } from './export/json';
export { reportLines } from './export/ndjson';
export { formatStory } from './export/story';
export { Lifecycle } from './model/lifecycle';
export type * from './model/report';
export { openTraceFile, readTraceFile } from './readers/trace-file';
export { TextReader } from './readers/text-reader';
export { alertsOf } from './rules/report-alerts';
export { readRules } from './rules/rule';
export { SignalJudge } from './rules/signal-judge';
export { armSession, explainSession, findSession, Session } from './session/session';
export { readSessionSettings } from './session/session-settings';
export { inspectTracing } from './tracefs/preflight';
export { TraceError } from './trace-error';
export type * from './trace-event';
export { readWorkloadSettings } from './workload/workload-settings';
