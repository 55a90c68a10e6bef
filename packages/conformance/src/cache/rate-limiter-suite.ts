import { RATE_LIMIT_WINDOW_MS } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpened } from '../with-opened.js';

const ann = { userId: 'ann', endpoint: '/orders' };

/** Tests `RateLimiter`. */
export function rateLimiterSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, it, expect } = runner;
  const test = withOpened(runner, open);

  describe('RateLimiter', () => {
    test('allows requests up to the limit and returns the remainder', async (opened) => {
      const { rateLimiter } = opened.backend;
      const request = { ...ann, limit: 2 };
      expect(await rateLimiter.consume(request)).toEqual({
        allowed: true,
        count: 1,
        remaining: 1,
        retryAfterMs: 0,
      });
      await opened.advance(10_000);
      expect(await rateLimiter.consume(request)).toEqual({
        allowed: true,
        count: 2,
        remaining: 0,
        retryAfterMs: 0,
      });
      await opened.advance(20_000);
      expect(await rateLimiter.consume(request)).toEqual({
        allowed: false,
        count: 2,
        remaining: 0,
        retryAfterMs: 30_000,
      });
    });

    test('allows the next request exactly after retryAfterMs', async ({
      backend: { rateLimiter },
      advance,
    }) => {
      const request = { ...ann, limit: 1 };
      await rateLimiter.consume(request);
      await advance(RATE_LIMIT_WINDOW_MS - 1);
      expect((await rateLimiter.consume(request)).retryAfterMs).toBe(1);
      await advance(1);
      expect((await rateLimiter.consume(request)).allowed).toBe(true);
    });

    test('refused requests do not count', async ({ backend: { rateLimiter }, advance }) => {
      const request = { ...ann, limit: 1 };
      await rateLimiter.consume(request);
      for (let i = 0; i < 5; i++) {
        await advance(10_000);
        expect((await rateLimiter.consume(request)).allowed).toBe(false);
      }
      await advance(10_000);
      expect(await rateLimiter.consume(request)).toMatchObject({ allowed: true, count: 1 });
    });

    test('applies a changed limit to earlier requests', async ({ backend: { rateLimiter }, advance }) => {
      for (let i = 0; i < 4; i++) {
        await rateLimiter.consume({ ...ann, limit: 4 });
        await advance(1_000);
      }
      expect(await rateLimiter.consume({ ...ann, limit: 2 })).toEqual({
        allowed: false,
        count: 4,
        remaining: 0,
        retryAfterMs: 58_000,
      });
      expect((await rateLimiter.consume({ ...ann, limit: 5 })).remaining).toBe(0);
    });

    test('counts each user and endpoint separately', async ({ backend: { rateLimiter }, keys }) => {
      const callers = [
        { userId: 'ann', endpoint: '/a' },
        { userId: 'ann', endpoint: '/b' },
        { userId: 'bob', endpoint: '/a' },
        { userId: 'a:b', endpoint: 'c' },
        { userId: 'a', endpoint: 'b:c' },
      ];
      for (const caller of callers) {
        expect((await rateLimiter.consume({ ...caller, limit: 1 })).allowed).toBe(true);
        expect((await rateLimiter.consume({ ...caller, limit: 1 })).allowed).toBe(false);
      }
      expect(await keys()).toHaveLength(callers.length);
    });

    test('allows exactly the limit of 200 concurrent requests', async ({ backend: { rateLimiter } }) => {
      const decisions = await Promise.all(
        Array.from({ length: 200 }, () => rateLimiter.consume({ ...ann, limit: 37 })),
      );
      const allowed = decisions.filter((decision) => decision.allowed);
      expect(allowed.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 37 }, (_, i) => i + 1),
      );
      expect(decisions.every(({ allowed, count }) => allowed || count === 37)).toBe(true);
    });

    test('refuses an invalid limit', async ({ backend: { rateLimiter }, keys }) => {
      for (const limit of [0, -1, 1.5, NaN, Infinity]) {
        const failure = await summaryOfRejection(() => rateLimiter.consume({ ...ann, limit }));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'limit' });
      }
      expect(await keys()).toEqual([]);
    });

    test('counts the cost of requests and returns when one fits', async ({
      backend: { rateLimiter },
      advance,
    }) => {
      const consume = (cost: number) => rateLimiter.consume({ ...ann, limit: 10, cost });
      expect(await consume(4)).toEqual({ allowed: true, count: 4, remaining: 6, retryAfterMs: 0 });
      await advance(1_000);
      expect(await consume(1)).toEqual({ allowed: true, count: 5, remaining: 5, retryAfterMs: 0 });
      await advance(1_000);
      expect(await consume(5)).toEqual({ allowed: true, count: 10, remaining: 0, retryAfterMs: 0 });
      const waits = [1, 4, 5, 6, 10].map(async (cost) => (await consume(cost)).retryAfterMs);
      expect(await Promise.all(waits)).toEqual([58_000, 58_000, 59_000, 60_000, 60_000]);
      await advance(58_000);
      expect(await consume(4)).toEqual({ allowed: true, count: 10, remaining: 0, retryAfterMs: 0 });
      await advance(2_000);
      expect(await consume(6)).toEqual({ allowed: true, count: 10, remaining: 0, retryAfterMs: 0 });
    });

    test('accepts huge limits and costs', async ({ backend: { rateLimiter } }) => {
      const request = { ...ann, limit: Number.MAX_SAFE_INTEGER, cost: 1_000_000_000 };
      expect(await rateLimiter.consume(request)).toMatchObject({ allowed: true, count: 1_000_000_000 });
      expect(await rateLimiter.consume({ ...request, cost: 1 })).toEqual({
        allowed: true,
        count: 1_000_000_001,
        remaining: Number.MAX_SAFE_INTEGER - 1_000_000_001,
        retryAfterMs: 0,
      });
      expect((await rateLimiter.consume({ ...ann, limit: 1_000_000_001 })).allowed).toBe(false);
    });

    test('counts each window length of a caller separately', async ({
      backend: { rateLimiter },
      advance,
      ttlMs,
    }) => {
      const second = { ...ann, limit: 1, windowMs: 1_000 };
      expect((await rateLimiter.consume(second)).allowed).toBe(true);
      expect((await rateLimiter.consume({ ...ann, limit: 1 })).allowed).toBe(true);
      expect(await rateLimiter.consume(second)).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
      expect((await ttlMs('rate_limit:ann:/orders:1000'))! <= 1_000).toBe(true);
      await advance(1_000);
      expect((await rateLimiter.consume(second)).allowed).toBe(true);
      expect((await rateLimiter.consume({ ...ann, limit: 1 })).allowed).toBe(false);
      expect((await rateLimiter.consume({ ...ann, endpoint: '/orders:1000', limit: 1 })).allowed).toBe(true);
    });

    test('refuses an invalid request and names the member', async ({ backend: { rateLimiter }, keys }) => {
      const good = { ...ann, limit: 5 };
      const wrong: [field: string, members: object][] = [
        ['userId', { userId: 5 }],
        ['userId', { userId: '' }],
        ['userId', { userId: 'x'.repeat(257) }],
        ['userId', { userId: 'a\u0000' }],
        ['userId', { userId: '\ud800' }],
        ['endpoint', { endpoint: undefined }],
        ['endpoint', { endpoint: 'x'.repeat(1_025) }],
        ['endpoint', { endpoint: 'a\u200bb' }],
        ['limit', { limit: '5' }],
        ['cost', { cost: 0 }],
        ['cost', { cost: 6 }],
        ['cost', { cost: 1.5 }],
        ['cost', { cost: 1_000_000_001, limit: 2_000_000_000 }],
        ['windowMs', { windowMs: 0 }],
        ['windowMs', { windowMs: 86_400_001 }],
        ['windowMs', { windowMs: NaN }],
        ['onUnavailable', { onUnavailable: 'ignore' }],
        ['window', { window: 1_000 }],
      ];
      for (const [field, members] of wrong) {
        const failure = await summaryOfRejection(() => rateLimiter.consume({ ...good, ...members }));
        expect([members, failure]).toEqual([members, { code: 'VALIDATION', field }]);
      }
      for (const request of [undefined, null, 5, [good]]) {
        const failure = await summaryOfRejection(() => rateLimiter.consume(request as never));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'request' });
      }
      expect(await keys()).toEqual([]);
    });

    test('follows onUnavailable when the backend is closed', async ({ backend: { rateLimiter, probe } }) => {
      await probe.close();
      const request = { ...ann, limit: 5 };
      expect((await summaryOfRejection(() => rateLimiter.consume(request))).code).toBe('CONNECTION');
      const rejecting = () => rateLimiter.consume({ ...request, onUnavailable: 'reject' });
      expect((await summaryOfRejection(rejecting)).code).toBe('CONNECTION');
      const away = { count: 0, remaining: 0, isUnavailable: true };
      expect(await rateLimiter.consume({ ...request, onUnavailable: 'allow' })).toEqual({
        ...away,
        allowed: true,
        retryAfterMs: 0,
      });
      expect(await rateLimiter.consume({ ...request, onUnavailable: 'deny' })).toEqual({
        ...away,
        allowed: false,
        retryAfterMs: 1_000,
      });
    });

    it('decides like a log of all requests and their costs', async () => {
      const call = fc.record({
        wait: fc.oneof(fc.constantFrom(0, 1, 999, 1_000), fc.nat({ max: 700 })),
        cost: fc.integer({ min: 1, max: 6 }),
        limit: fc.integer({ min: 6, max: 9 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 25 }), async (calls) => {
          const opened = await open();
          try {
            let now = 0;
            let log: { at: number; cost: number }[] = [];
            for (const { wait, cost, limit } of calls) {
              now += wait;
              await opened.advance(wait);
              log = log.filter(({ at }) => at > now - 1_000);
              const count = log.reduce((total, each) => total + each.cost, 0);
              let tooMuch = count + cost - limit;
              const leaving = log.find((each) => (tooMuch -= each.cost) <= 0);
              const isAllowed = count + cost <= limit;
              if (isAllowed) log.push({ at: now, cost });
              const decision = await opened.backend.rateLimiter.consume({
                ...ann,
                cost,
                limit,
                windowMs: 1_000,
              });
              expect(decision).toEqual({
                allowed: isAllowed,
                count: isAllowed ? count + cost : count,
                remaining: Math.max(0, limit - count - (isAllowed ? cost : 0)),
                retryAfterMs: isAllowed ? 0 : leaving!.at + 1_000 - now,
              });
            }
          } finally {
            await opened.close();
          }
        }),
        { numRuns: 60 },
      );
    });

    it('allows exactly the limit in every window', async () => {
      const gaps = fc.oneof(
        fc.constantFrom(0, 1, RATE_LIMIT_WINDOW_MS - 1, RATE_LIMIT_WINDOW_MS),
        fc.integer({ min: 0, max: 30_000 }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.array(gaps, { maxLength: 25 }),
          async (limit, waits) => {
            const opened = await open();
            try {
              let now = 0;
              const allowed: number[] = [];
              for (const wait of waits) {
                now += wait;
                await opened.advance(wait);
                const counted = allowed.filter((at) => at > now - RATE_LIMIT_WINDOW_MS);
                const free = counted.length < limit;
                expect(await opened.backend.rateLimiter.consume({ ...ann, limit })).toEqual({
                  allowed: free,
                  count: free ? counted.length + 1 : limit,
                  remaining: free ? limit - counted.length - 1 : 0,
                  retryAfterMs: free ? 0 : counted[0]! + RATE_LIMIT_WINDOW_MS - now,
                });
                if (free) allowed.push(now);
              }
            } finally {
              await opened.close();
            }
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}
