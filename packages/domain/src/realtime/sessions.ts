import { randomUUID } from 'node:crypto';
import { ValidationError } from '../errors.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { SessionData, StoredSession, UserSessions } from '../keyspaces/values.js';
import { sessionCodec } from '../keyspaces/values.js';
import type { CallOptions } from '../ports/call.js';
import type { TimeSource } from '../ports/clock.js';
import { systemClock } from '../ports/clock.js';
import { refusalOfName } from '../records/kinds/text.js';
import { encodeFor } from './cache-value.js';
import type { OpenKeyspace } from './typed-keyspace.js';

/**
 * Sessions of signed-in users, several per user. Each expires an hour after its last save. A user has at most 100: a further one ends the
 * one that was saved longest ago. Returned sessions may be shared and frozen.
 *
 * Throws `ValidationError` for a user or session id that is empty, longer than 256 characters, or has control or invisible characters.
 */
export interface SessionStore {
  /** Returns a session of the user, without an id the one saved last; null when there is none. */
  find(userId: string, options?: CallOptions): Promise<SessionData | null>;
  find(userId: string, sessionId: string | undefined, options?: CallOptions): Promise<SessionData | null>;

  /** Returns all sessions of the user in the order of their start. */
  list(userId: string, options?: CallOptions): Promise<SessionData[]>;

  /**
   * Saves a session and returns it with its id. Without an id, or with an unused id that the caller has chosen, the session is
   * new.
   *
   * Returns null and saves nothing when that session ended within the hour: a save that began before the end does not revive
   * it. A generated id is never used for a new session.
   */
  save(session: SessionData, options?: CallOptions): Promise<SessionData | null>;

  /** Ends one session of the user, without an id all. Returns whether there was one. */
  end(userId: string, options?: CallOptions): Promise<boolean>;
  end(userId: string, sessionId: string | undefined, options?: CallOptions): Promise<boolean>;
}

const MAX_SESSIONS = 100;
/** Maximum number of caller-chosen ids of ended sessions that are kept. */
const MAX_ENDED = 1_000;
const MAX_ID_LENGTH = 256;

const { pattern, ttlSeconds } = keyspaces.session;
const LIFE_MS = ttlSeconds * 1_000;

/** Prefix of generated ids. No new session has a generated id, so ended ones need not be kept. */
const GIVEN = 'qtdal-';

/** Creates a store of sessions over a keyspace, e.g. of `typedKeyspaces`. Sessions expire by the clock. */
export function sessionStore(open: OpenKeyspace, clock: TimeSource = systemClock): SessionStore {
  const users = open(keyspaces.session);

  const living = (user: UserSessions | null): StoredSession[] =>
    (user?.sessions ?? []).filter(({ savedAt }) => savedAt.getTime() > clock.now() - LIFE_MS);

  async function all(userId: string, options: CallOptions | undefined): Promise<StoredSession[]> {
    requireName('userId', userId);
    return living(await users.get({ userId }, options));
  }

  /** Returns a user's sessions without the ending ones, whose chosen ids are recorded as ended. */
  function without(ending: readonly StoredSession[], user: UserSessions | null): UserSessions {
    const now = clock.now();
    const before = Object.entries(user?.ended ?? {}).filter(([, at]) => at > now - LIFE_MS);
    const chosen = ending.filter(({ sessionId }) => !sessionId.startsWith(GIVEN));
    return {
      sessions: living(user).filter((session) => !ending.includes(session)),
      ended: Object.fromEntries([...before, ...chosen.map(({ sessionId }) => [sessionId, now] as const)]),
    };
  }

  return {
    async find(userId: string, ...rest: Rest) {
      const [sessionId, options] = idAndOptions(rest);
      const sessions = await all(userId, options);
      return presented(sessions.findLast((each) => sessionId === undefined || each.sessionId === sessionId));
    },

    async list(userId, options) {
      const sessions = await all(userId, options);
      return sessions.map((each) => presented(each)!).sort(byStart);
    },

    async save(given, options) {
      const session = storedForm(given, clock.now());
      const { userId, sessionId } = session;
      const isGiven = (given as Partial<SessionData>).sessionId !== undefined;
      let isSaved = false;
      await users.update(
        { userId },
        (user) => {
          const sessions = living(user);
          const known = sessions.find((each) => each.sessionId === sessionId);
          const { ended } = without([], user);
          isSaved =
            known !== undefined ||
            !isGiven ||
            !(sessionId.startsWith(GIVEN) || Object.hasOwn(ended, sessionId));
          if (!isSaved) return undefined;
          if (known === undefined && isGiven) requireFewEnded(ended);
          const others = sessions.filter((each) => each !== known);
          const left = without(others.slice(0, Math.max(0, others.length + 1 - MAX_SESSIONS)), user);
          return { ...left, sessions: [...left.sessions.filter((each) => each !== known), session] };
        },
        options,
      );
      return isSaved ? presented(session) : null;
    },

    async end(userId: string, ...rest: Rest) {
      const [sessionId, options] = idAndOptions(rest);
      requireName('userId', userId);
      let wasThere = false;
      await users.update(
        { userId },
        (user) => {
          const ending = living(user).filter(
            (each) => sessionId === undefined || each.sessionId === sessionId,
          );
          wasThere = ending.length > 0;
          return wasThere ? without(ending, user) : undefined;
        },
        options,
      );
      return wasThere;
    },
  };
}

type Rest = [sessionIdOrOptions?: string | CallOptions, options?: CallOptions];

function idAndOptions([first, second]: Rest): [string | undefined, CallOptions | undefined] {
  if (first === undefined) return [undefined, second];
  if (typeof first === 'object') return [undefined, first];
  requireName('sessionId', first);
  return [first, second];
}

/** Returns a copy of a session in stored form. Throws `ValidationError` when it is invalid. */
function storedForm(session: SessionData, now: number): StoredSession {
  const encoded = encodeFor({ pattern, codec: sessionCodec }, withId(session));
  return { ...sessionCodec.parse(JSON.parse(JSON.stringify(encoded))), savedAt: new Date(now) };
}

function withId(session: SessionData): SessionData & { sessionId: string } {
  try {
    const { sessionId = GIVEN + randomUUID(), ...rest } = session ?? {};
    return { ...rest, sessionId };
  } catch {
    throw new ValidationError('session', 'has a member that cannot be read', { operation: pattern });
  }
}

function requireName(name: string, value: unknown): void {
  const reason = refusalOfName(value, MAX_ID_LENGTH);
  if (reason !== undefined) throw new ValidationError(name, reason, { operation: pattern });
}

function requireFewEnded(ended: UserSessions['ended']): void {
  if (Object.keys(ended).length < MAX_ENDED) return;
  const reason = `must be left out, and is given then: ${MAX_ENDED} chosen ids have ended within the hour`;
  throw new ValidationError('sessionId', reason, { operation: pattern });
}

/** Output form of each stored session, shared by its readers. */
const forReaders = new WeakMap<StoredSession, SessionData>();

function presented(stored: StoredSession | undefined): SessionData | null {
  if (stored === undefined) return null;
  let session = forReaders.get(stored);
  if (session === undefined) {
    const { userId, sessionId, startedAt, attributes } = stored;
    session = { userId, sessionId, startedAt, attributes };
    if (Object.isFrozen(stored)) Object.freeze(session);
    forReaders.set(stored, session);
  }
  return session;
}

const byStart = (a: SessionData, b: SessionData): number =>
  a.startedAt.getTime() - b.startedAt.getTime() || (a.sessionId! < b.sessionId! ? -1 : 1);
