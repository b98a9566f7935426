/** The editor's half of lifecycle-parse. */
import type { WidgetTypedInputOptions } from '@node-red/editor-client';

interface ParseNode {
  readonly stagesType: string;
  _(key: string, values?: Record<string, unknown>): string;
}

/** In the order of a life; the runtime's list is `StageName`. */
const STAGES = [
  'fork',
  'exec',
  'exec-failed',
  'library',
  'maps',
  'thread',
  'thread-exit',
  'rename',
  'signal-generated',
  'signal-delivered',
  'signal-returned',
  'signal',
  'exit',
  'zombie',
  'reap',
  'gone',
  'lost',
];

function checkStages(node: ParseNode, value: unknown, opt: unknown): true | string {
  const field = $('#node-input-stagesType');
  const type = opt === undefined || field.length === 0 ? node.stagesType : field.val();
  return type !== 'chosen' || (typeof value === 'string' && value !== '')
    ? true
    : node._('lifecycle-parse.invalid.stages');
}

function prepare(node: ParseNode): void {
  $('#node-input-stages').typedInput({
    default: 'all',
    types: [
      { value: 'all', label: node._('lifecycle-parse.stages.all'), hasValue: false },
      {
        value: 'chosen',
        label: node._('lifecycle-parse.stages.chosen'),
        multiple: true,
        options: STAGES.map((stage) => ({ value: stage, label: node._(`lifecycle-parse.stage.${stage}`) })),
      },
    ],
    typeField: '#node-input-stagesType',
  } as unknown as WidgetTypedInputOptions);
}

const editors = window as unknown as { TraceLife?: Record<string, unknown> };
editors.TraceLife = { ...editors.TraceLife, lifecycleParse: { prepare, checkStages } };
