import type { HttpConfig } from '@quantumtrade/dal-config';

export type Role = HttpConfig['tokens'][number]['roles'][number];

/** Rules of the routes of one area. */
export interface AreaRules {
  /** Role that a request needs; none where the area is always open. */
  readonly role?: Role;
  /**
   * Whether requests count against `maxConcurrentRequests` and are refused while the service stops. The others are answered
   * however busy the service is.
   */
  readonly isLimited: boolean;
  /** Rate limit of each user that the requests count against. */
  readonly rateLimit?: 'reads' | 'writes';
}

/** Part of the API. Each route is of one. */
export type Area =
  'probe' | 'health' | 'metrics' | 'openapi' | 'dashboard' | 'page' | 'read' | 'write' | 'operate';

export const AREAS: Readonly<Record<Area, AreaRules>> = {
  probe: { isLimited: false },
  health: { role: 'operate', isLimited: false },
  metrics: { role: 'operate', isLimited: false },
  openapi: { role: 'read', isLimited: true },
  page: { isLimited: true },
  dashboard: { role: 'operate', isLimited: true },
  read: { role: 'read', isLimited: true, rateLimit: 'reads' },
  write: { role: 'write', isLimited: true, rateLimit: 'writes' },
  operate: { role: 'operate', isLimited: true, rateLimit: 'reads' },
};

/** Area of a route that declares none. */
export const DEFAULT_AREA: Area = 'operate';
