/**
 * The rules as an editor needs them: read with the place of what is wrong, and worded. Nothing in here needs
 * Node, so that it also runs in a web page: what refuses a rule in the dialog is what refuses it when deployed.
 */
export {
  CONDITION_FIELDS,
  FIELD_NAMES,
  conditionField,
  isFieldName,
  type ConditionField,
  type FieldName,
} from './rules/language/condition-fields';
export { ANY_FIELD, readCondition } from './rules/language/condition-reading';
export { clauseWords, signalWords } from './rules/language/condition-words';
export { TESTS_OF_TYPE, type TestName } from './rules/language/field-test-reading';
export { compileRegex } from './rules/language/linear-regex';
export { SEVERITIES, USUAL_SEVERITY, type Rule, type VerdictName } from './rules/language/rule';
export { isObject, type JsonObject } from './rules/language/rule-input';
export { PRESETS, type Preset } from './rules/language/presets';
export { AWAITED_STAGES, PATTERNS, RULE_KEYS, readRule } from './rules/language/rule-reading';
export { MATCHINGS, readRuleSet } from './rules/language/rule-set';
export { ruleWords, type Say } from './rules/language/rule-words';
export { RuleRefusal } from './rules/language/rule-refusal';
export { findRuleWarnings, type RuleWarning } from './rules/matching/rule-warnings';
export { SIGNAL_SETS } from './rules/language/signal-sets';
export { REASONS, TraceError } from './trace-error';
