/**
 * Draws a node's status. Each node has a table from its states to their looks, so that the compiler asks for a look
 * when a state is new, and no node calls `this.status` itself.
 *
 * Grey: off. Yellow: wait, or works with loss. Green: works. Red: the user must act. A ring: nothing flows; a dot:
 * something flows.
 */
import type { Node, NodeStatus } from 'node-red';

export type Look = Required<Pick<NodeStatus, 'fill' | 'shape'>>;
export type Looks<State extends string> = Readonly<Record<State, Look>>;

/** Where a controller reports its state; `values` are for the text's `__placeholders__`. */
export interface StatusSink<State extends string> {
  show(state: State, values?: Record<string, string>): void;
}

/** Translates a key under the node's own `status`; the values are for its `__placeholders__`. */
export type Translate = (key: string, values?: Record<string, string>) => string;

/** At most this often: the editor's socket queues every status without a limit. */
const CALM_MS = 500;

export class StatusRenderer<State extends string> implements StatusSink<State> {
  #drawn = '';
  #next: { readonly state: State; readonly values: Record<string, string> } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #drawnAt = Number.NEGATIVE_INFINITY;

  readonly #node: Node;
  readonly #looks: Looks<State>;
  readonly #translate: Translate;

  constructor(node: Node, looks: Looks<State>, translate: Translate) {
    this.#node = node;
    this.#looks = looks;
    this.#translate = translate;
  }

  /** Draws now, or within half a second when one was drawn just before; of several in between, the last one. */
  show(state: State, values: Record<string, string> = {}): void {
    // Translated when it is drawn: that costs more than a batch of events.
    this.#next = { state, values };
    if (this.#timer !== null) return;
    const wait = this.#drawnAt + CALM_MS - performance.now();
    if (wait <= 0) this.#draw();
    else this.#timer = setTimeout(this.#draw, wait);
  }

  /** Draws what is waiting and stops. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#next = null;
  }

  readonly #draw = (): void => {
    this.#timer = null;
    if (this.#next === null) return;
    const { state, values } = this.#next;
    const status: NodeStatus = { ...this.#looks[state], text: this.#translate(`status.${state}`, values) };
    const drawing = JSON.stringify(status);
    if (drawing === this.#drawn) return;
    this.#drawn = drawing;
    this.#drawnAt = performance.now();
    this.#node.status(status);
  };
}

/** 1,234,567 as `1.2M`: a status has room for 20 characters. */
export function shortCount(count: number): string {
  if (count < 10_000) return String(count);
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}
