/**
 * The rules as an editor needs them: read with the place of what is wrong, and told in words. Nothing in here needs
 * Node, so that it also runs in a web page: what refuses a rule in the dialog is what refuses it when deployed.
 */
export {
  CONDITION_FIELDS,
  FIELD_NAMES,
  conditionField,
  isFieldName,
  type ConditionField,
  type FieldName,
} from './rules/condition-fields';
export { ANY_FIELD, readCondition } from './rules/condition-reading';
export { clauseWords, signalWords } from './rules/condition-words';
export { TESTS_OF_TYPE, type TestName } from './rules/field-test-reading';
export { SEVERITIES, USUAL_SEVERITY, type Rule, type VerdictName } from './rules/rule';
export { isObject, type JsonObject } from './rules/rule-input';
export { PRESETS, type Preset } from './rules/presets';
export { AWAITED_STAGES, PATTERNS, RULE_KEYS, readRule } from './rules/rule-reading';
export { MATCHINGS, readRuleSet } from './rules/rule-set';
export { ruleWords, type Say } from './rules/rule-words';
export { SIGNAL_SETS } from './rules/signal-sets';
export { REASONS, TraceError } from './trace-error';
