/**
 * The library without Node-RED: what `require('@tracelife/node-red-ftrace')` gives, and the one door through
 * which the nodes and the command line come in.
 */
export { EventList } from './event-list';
export { formatEvent, formatHeader, formatLoss, formatNote } from './export/ftrace-text';
export { formatJson } from './export/json';
export { eventLine, jsonLine, reportLines } from './export/ndjson';
export { ECS_VERSION, toEcs, type AlertSource } from './export/ecs';
export { toOtelLog, type OtelLogRecord } from './export/otel';
export { formatStory } from './export/story/story';
export { printable } from './export/printable';
export { TraceDatWriter, type CpuPages } from './export/trace-dat/trace-dat';
export { Lifecycle, type LifecycleOptions, type LifecycleStep } from './model/lifecycle';
export type * from './model/report';
export { REPORT_SCHEMA } from './model/report';
export { CaptureWriter } from './readers/capture/capture-writer';
export { IncomingEvents } from './readers/incoming-events';
export { parseMaps } from './readers/maps';
export { RingBatch } from './readers/pages/ring-batch';
export { TextReader } from './readers/text/text-reader';
export { openTraceFile, readTraceFile, type TraceFile, type TraceSource } from './readers/trace-file';
export { makeAlert } from './rules/alerts/alert';
export { AlertCounting, type AlertCountingOptions } from './rules/alerts/alert-counting';
export { AlertWatch, type AlertWatchOptions, type Judgement } from './rules/watch/alert-watch';
export { alertsOf } from './rules/watch/report-alerts';
export { LearntSignals, type Proposal, type ProposedRule } from './rules/watch/learnt-signals';
export { judgeReport } from './rules/watch/report-facts';
export { ReportTargets } from './rules/watch/report-targets';
export { undecidedRemarks, type WatchCounters } from './rules/watch/watch-counters';
export { SEVERITIES, type Rule, type RuleSet } from './rules/language/rule';
export { ruleSetSchema } from './rules/language/rule-schema';
export { readRuleSet } from './rules/language/rule-set';
export { CONDITION_FIELDS, type ConditionField, type FieldName } from './rules/language/condition-fields';
export { PRESETS, type Preset } from './rules/language/presets';
export { ruleWarnings } from './rules/matching/rule-warnings';
export type { Verdict } from './rules/matching/verdict';
export { bufferKbOf } from './session/arming';
export type { Attachment } from './session/attachment';
export { sendSignal } from './session/own-signals';
export { replay, type ReplayOptions } from './session/replay';
export { Session, type SessionState } from './session/session';
export {
  DEFAULT_SETTINGS,
  readPids,
  readSessionSettings,
  type SessionSettings,
} from './session/session-settings';
export { armSession, explainSession, findSession, isTraced } from './session/sessions';
export { inspectTracing, type Finding, type Preflight } from './tracefs/preflight';
export type { WatchCount } from './watch/watch-counters';
export { fateOf } from './watch/record-text';
export type { WatchRecord, WatchRecordName } from './watch/watch-record';
export { readWatchSettings, USUALLY_MUTED, type WatchSettings } from './watch/watch-settings';
export { Watch, type WatchBatch, type WatchState } from './watch/watch';
export { WatchTotals, type ServiceTotals } from './watch/watch-totals';
export { explainWatch, findWatch, startWatch } from './watch/watches';
export { DAMAGE, REASONS, TraceError, type DamageCode, type TraceErrorCode } from './trace-error';
export type * from './trace-event';
export {
  descendsFrom,
  readProcessIdentity,
  signalProcess,
  type ProcessIdentity,
} from './workload/process-identity';
export {
  isWithin,
  type AllowedCommand,
  type AllowedUser,
  type ArgumentPattern,
} from './workload/allowed-command';
export { readProcessStat } from './workload/process-stat';
export { runUntraced } from './workload/untraced';
export type { Workload, WorkloadEnd, WorkloadSettings, WorkloadSinks } from './workload/workload';
export { readSignal, readWorkloadSettings } from './workload/workload-settings';
