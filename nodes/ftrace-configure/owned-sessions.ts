import type { Session, SessionSettings } from '../../src/index';
import { TraceError } from '../../src/trace-error';

/** The sessions that one node armed: none is left when the node closes, not even one that was being armed then. */
export class OwnedSessions {
  readonly #sessions = new Map<Session, () => void>();
  /** Arming takes a while; the next begins when the one before has finished, so that topics do not race. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  readonly #armSession: (settings: SessionSettings) => Promise<Session>;
  readonly #onState: (session: Session) => void;

  constructor(
    armSession: (settings: SessionSettings) => Promise<Session>,
    onState: (session: Session) => void,
  ) {
    this.#armSession = armSession;
    this.#onState = onState;
  }

  /** @throws TraceError as armSession does; SESSION_ENDED when the node is closed meanwhile */
  arm(settings: SessionSettings): Promise<Session> {
    const armed = this.#turn.then(() => this.#armNow(settings));
    this.#turn = armed.catch(() => undefined);
    return armed;
  }

  /** How many are armed or run. */
  get count(): number {
    return this.#sessions.size;
  }

  /** Disarms all of them. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    const sessions = [...this.#sessions.keys()];
    for (const session of sessions) this.#forget(session);
    await Promise.all(sessions.map((session) => session.disarm()));
  }

  async #armNow(settings: SessionSettings): Promise<Session> {
    if (this.#closed)
      throw new TraceError('SESSION_ENDED', 'the node was closed before the session was armed');
    const session = await this.#armSession(settings);
    const unsubscribe = session.onState((state) => {
      this.#onState(session);
      if (state === 'ended' || state === 'failed') this.#forget(session);
    });
    this.#sessions.set(session, unsubscribe);
    this.#onState(session);
    return session;
  }

  #forget(session: Session): void {
    this.#sessions.get(session)?.();
    this.#sessions.delete(session);
  }
}
