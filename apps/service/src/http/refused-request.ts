/** Codes of refusals by the service itself, beside those of the data layer. */
export type RefusalCode =
  'CLIENT_LEFT' | 'FORBIDDEN' | 'NOT_FOUND' | 'OVERLOADED' | 'RATE_LIMITED' | 'STOPPING' | 'UNAUTHENTICATED';

const STATUS: Readonly<Record<RefusalCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  /** Sent to no client, which has gone; the number is that of nginx. */
  CLIENT_LEFT: 499,
  OVERLOADED: 503,
  STOPPING: 503,
};

/** A request that the service refuses by itself. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly statusCode: number;

  constructor(
    readonly code: RefusalCode,
    message: string,
    /** Time after which the same request may succeed (milliseconds); undefined where it will not. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.statusCode = STATUS[code];
  }
}
