/**
 * Words and sentences that stop a reader: each with what an engineer would write in its place. The pattern leaves the
 * innocent uses of the word alone, which `innocent` shows. test/docs/words.test.ts looks for them everywhere.
 */

export interface WordToAvoid {
  readonly pattern: RegExp;
  readonly better: string;
  /** Something that the pattern finds. */
  readonly found: string;
  /** Uses of the same words that are plain English. */
  readonly innocent?: readonly string[];
}

export const WORDS_TO_AVOID: readonly WordToAvoid[] = [
  { pattern: /\bmend(s|ed|ing)?\b/i, better: 'fix', found: 'the command that mends it' },
  {
    pattern: /\black(s|ed|ing)?\b/i,
    better: 'is missing, does not have',
    found: 'what your machine lacks',
  },
  {
    pattern:
      /(?<!\blooks |\b(?:lea(?:ve|ving)s?|left)\b[^.;]{0,60})(?<!-)\bbehind\b(?!\s+(?:a|the) (?:proxy|link|scenes))/i,
    better: 'after',
    found: 'the quote behind the string',
    innocent: [
      'what a crash leaves behind',
      'leaves no process behind',
      './left-behind',
      'behind a proxy',
      'a regular expression that looks behind',
    ],
  },
  { pattern: /\b(?:un)?told\b/i, better: 'reported, shown', found: 'an alert is told once' },
  { pattern: /\bgoes before\b/i, better: 'overrides, comes before', found: 'msg.topic goes before it' },
  {
    pattern: /\bfits\b(?!\s+(?:into|in|on)\b)(?!,? \$\{theme\})/i,
    better: 'matches, is valid, has room',
    found: 'the first rule that fits',
    innocent: ['no record fits into it', 'fits on one line'],
  },
  {
    pattern: /\b(?:settings|message|rules?|options?) (?:do|does) not fit\b/i,
    better: 'invalid',
    found: 'the settings do not fit',
  },
  {
    pattern: /\b(?:is|are|was|were|be) over\b(?! an? | the | all | its | their |flow)/i,
    better: 'has ended, has passed',
    found: 'the trace is over',
    innocent: ['it is over the limit'],
  },
  {
    pattern: /\bstands\b(?! for\b|-)/i,
    better: 'is',
    found: 'the dash stands after the name',
    innocent: ['`*` stands for any run of characters'],
  },
  { pattern: /\bwants\b/i, better: 'needs', found: 'the field wants a number' },
  {
    pattern: /\b(?:took|tak(?:e|es|en|ing)) (?:\w+ )?away\b/i,
    better: 'removes',
    found: 'the next session takes them away',
  },
  { pattern: /\baloud\b/i, better: 'reports, with a message', found: 'it is said aloud' },
  { pattern: /\bwhoever may\b/i, better: 'anyone who can', found: 'Whoever may edit flows' },
  {
    pattern: /\bthis is no [a-z]+ that\b/i,
    better: 'X is not Y',
    found: 'This is no rule that can match',
    innocent: ['null where no name is near', 'No line is lost'],
  },
  { pattern: /there is no such key/i, better: 'unknown key', found: 'there is no such key, did you mean' },
  { pattern: /says not what\b/i, better: 'needs', found: 'says not what is missing' },
  {
    pattern: /\ba pid is a number above\b/i,
    better: 'expected a pid from',
    found: 'a pid is a number above 0',
  },
  { pattern: /there is no command\b/i, better: 'unknown command', found: 'there is no command nosuch' },
  {
    pattern: /was to get, but was not sent/i,
    better: 'was not sent',
    found: 'was to get, but was not sent, SIGUSR1',
  },
  { pattern: /had waiting already/i, better: 'already had ... pending', found: 'had waiting already' },
  { pattern: /\bwent on by SIGCONT/i, better: 'was continued by SIGCONT', found: 'went on by SIGCONT' },
  {
    pattern: /a signal that the trace does not show being sent/i,
    better: 'an unknown signal: its sending was not traced',
    found: 'a signal that the trace does not show being sent',
  },
  {
    pattern: /\b(?:that|which) (?:bears|buries) it\b/i,
    better: 'creates, reaps',
    found: 'the fork that bears it',
  },
  { pattern: /which does no harm/i, better: 'this is harmless', found: 'EBADENGINE, which does no harm' },
  { pattern: /\bpoorer\b/i, better: 'reduces detail', found: 'make the story poorer' },
  {
    pattern: /whether it was to be expected/i,
    better: 'expected or unexpected',
    found: 'says of each signal whether it was to be expected',
  },
  {
    pattern: /what is below goes to/i,
    better: 'less severe signals go to',
    found: 'What is below goes to the second output',
  },
  { pattern: /two of the same\b/i, better: 'identical alerts', found: 'seconds between two of the same' },
  {
    pattern: /this is no rule\b/i,
    better: 'not a valid rule',
    found: 'This is no rule: only JSON can show it',
  },
  {
    pattern: /only where nothing of it is missing/i,
    better: 'only if the evidence is complete',
    found: 'only where nothing of it is missing',
  },
  { pattern: /\bsee its settings\b/i, better: 'invalid settings', found: 'see its settings' },
  { pattern: /what a life is made of/i, better: 'process lifecycle', found: 'What a life is made of' },
  {
    pattern: /would do the same, and nothing done/i,
    better: 'without running them',
    found: 'the shell commands that would do the same, and nothing done',
  },
  {
    pattern: /\bno shell takes part\b/i,
    better: 'no shell is used',
    found: 'No shell takes part unless it is ticked',
  },
  {
    pattern: /with another code than 0/i,
    better: 'a non-zero exit code',
    found: 'An exit with another code than 0 is no error',
  },
  {
    pattern: /is waited for so long/i,
    better: 'late messages are allowed that long',
    found: 'what comes late is waited for so long',
  },
];
