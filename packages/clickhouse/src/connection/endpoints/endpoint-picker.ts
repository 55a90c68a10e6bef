import type { EndpointRole } from '../../settings.js';

/** Properties of an endpoint that decide whether it is picked. */
export interface Candidate {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  readonly role: EndpointRole;
  readonly shard: string;
  readonly isHealthy: boolean;
  /** Whether the latest attempt or probe failed to connect. */
  readonly isInDoubt: boolean;
  /** Expected time until a further call is answered, for its share of the calls. */
  readonly cost: number;
}

/**
 * `read`: any endpoint may answer. `primary`: the answer must be that of the endpoint that takes writes.
 */
export type PickPurpose = 'read' | 'primary';

/** Endpoints in use, in the order of the configuration. */
export interface EndpointChoice<E extends Candidate> {
  /** Endpoints for reads. */
  readonly readable: readonly E[];
  /** Endpoints for everything else. The first one is used unless a call has tried it. */
  readonly writable: readonly E[];
  /** All endpoints that answer, also backups that are not needed. */
  readonly healthy: readonly E[];
  /** Endpoints out of use, without backups that would not be needed either. */
  readonly unhealthy: readonly E[];
}

/**
 * Returns the endpoints in use: those that are healthy, backups only while no primary of their shard is. Reads go to replicas as well.
 */
export function usableEndpoints<E extends Candidate>(endpoints: readonly E[]): EndpointChoice<E> {
  const healthy = endpoints.filter(({ isHealthy }) => isHealthy);
  const led = new Set(healthy.filter(({ role }) => role === 'primary').map(({ shard }) => shard));
  const needed = endpoints.filter(({ role, shard }) => role !== 'backup' || !led.has(shard));
  const readable = needed.filter(({ isHealthy }) => isHealthy);
  const unhealthy = needed.filter(({ isHealthy }) => !isHealthy);
  return { healthy, readable, writable: readable.filter(takesWrites), unhealthy };
}

const takesWrites = ({ role }: Candidate): boolean => role !== 'replica';

/** Whether an endpoint has what a read must see. */
export type AcceptsEndpoint = (endpoint: Pick<Candidate, 'name'>) => boolean;

export interface PickRequest<E> {
  readonly purpose: PickPurpose;
  /** Endpoints that the call has tried; another one is preferred. */
  readonly tried: readonly E[];
  /** Shard that the endpoint must have. @default any */
  readonly shard?: string | undefined;
  /** Endpoints of which one is to be picked, whatever their role. @default those for the purpose */
  readonly accepts?: AcceptsEndpoint | undefined;
}

/**
 * Returns the endpoint for an attempt: for a read the cheaper one of two that are drawn at random, otherwise the first one. When all
 * endpoints in use were tried, returns an ejected endpoint whose last connection succeeded, such as an outlier. Returns undefined when
 * there is no such endpoint either.
 *
 * Two random choices spread calls nearly as well as a comparison of all, and callers that see the same averages do not all choose the
 * same endpoint.
 */
export function pickEndpoint<E extends Candidate>(
  { readable, writable, healthy, unhealthy }: EndpointChoice<E>,
  request: PickRequest<E>,
  random: () => number,
): E | undefined {
  const { purpose, tried, shard, accepts } = request;
  let usable = purpose === 'read' ? readable : writable;
  if (accepts) usable = healthy.filter(accepts);
  if (shard !== undefined) usable = usable.filter((each) => each.shard === shard);
  if (usable.length === 0 || tried.length > 0) {
    const untried = usable.filter((each) => !tried.includes(each));
    const preferred = untried.length > 0 ? untried : lastResorts(unhealthy, request);
    if (preferred.length > 0) usable = preferred;
  }
  return purpose === 'read' ? cheaperOfTwo(usable, random) : usable[0];
}

/** Returns the endpoints out of use that a call has not tried, and that may answer it: they did so last, and fail more calls than others. */
function lastResorts<E extends Candidate>(
  unhealthy: readonly E[],
  { purpose, tried, shard, accepts }: PickRequest<E>,
): E[] {
  return unhealthy.filter(
    (each) =>
      !each.isInDoubt &&
      !tried.includes(each) &&
      (shard === undefined || each.shard === shard) &&
      (accepts ? accepts(each) : purpose === 'read' || takesWrites(each)),
  );
}

function cheaperOfTwo<E extends Candidate>(usable: readonly E[], random: () => number): E | undefined {
  if (usable.length < 2) return usable[0];
  const index = Math.floor(random() * usable.length);
  const step = 1 + Math.floor(random() * (usable.length - 1));
  const first = usable[index]!;
  const second = usable[(index + step) % usable.length]!;
  return second.cost < first.cost ? second : first;
}
