import type { Session, SessionSettings } from '../../src/index';
import { TraceError } from '../../src/trace-error';
import { reserveSession, type SessionQuota } from './session-quota';

interface Place {
  /** From its states. */
  readonly unsubscribe: () => void;
  /** What it took of the administrator's limits. */
  readonly release: () => void;
}

/** The sessions that one node armed: none is left when the node closes, not even one that was being armed then. */
export class OwnedSessions {
  readonly #sessions = new Map<Session, Place>();
  /** Arming takes a while; the next begins when the one before has finished, so that topics do not race. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  readonly #armSession: (settings: SessionSettings) => Promise<Session>;
  readonly #quota: SessionQuota;
  readonly #onState: (session: Session) => void;

  constructor(
    armSession: (settings: SessionSettings) => Promise<Session>,
    quota: SessionQuota,
    onState: (session: Session) => void,
  ) {
    this.#armSession = armSession;
    this.#quota = quota;
    this.#onState = onState;
  }

  /** @throws TraceError as armSession does; LIMIT_REACHED where no more are allowed; SESSION_ENDED when the node
   * is closed meanwhile */
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
    const sessions = [...this.#sessions];
    this.#sessions.clear();
    await Promise.all(
      sessions.map(async ([session, { unsubscribe, release }]) => {
        unsubscribe();
        try {
          await session.disarm();
        } finally {
          release();
        }
      }),
    );
  }

  async #armNow(settings: SessionSettings): Promise<Session> {
    if (this.#closed)
      throw new TraceError('SESSION_ENDED', 'the node was closed before the session was armed');
    const release = reserveSession(settings, this.#quota);
    let session: Session;
    try {
      session = await this.#armSession(settings);
    } catch (error) {
      release();
      throw error;
    }
    const unsubscribe = session.onState((state) => {
      this.#onState(session);
      if (state !== 'ended' && state !== 'failed') return;
      release();
      unsubscribe();
      this.#sessions.delete(session);
    });
    this.#sessions.set(session, { unsubscribe, release });
    this.#onState(session);
    return session;
  }
}
