import { RATE_LIMIT_WINDOW_MS } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { failureOf } from '../failure.js';
import type { TestRunner } from '../runner.js';
import type { OpenCacheFactory } from './open-cache.js';
import { withOpenCache } from './open-cache.js';

const ann = { userId: 'ann', endpoint: '/orders' };

/** What the doc comments of `RateLimiter` promise. */
export function rateLimiterSuite(runner: TestRunner, open: OpenCacheFactory): void {
  const { describe, it, expect } = runner;
  const test = withOpenCache(runner, open);

  describe('RateLimiter', () => {
    test('allows as many as the limit says and tells how many are left', async (opened) => {
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

    test('allows again after exactly the time it gave', async ({ backend: { rateLimiter }, advance }) => {
      const request = { ...ann, limit: 1 };
      await rateLimiter.consume(request);
      await advance(RATE_LIMIT_WINDOW_MS - 1);
      expect((await rateLimiter.consume(request)).retryAfterMs).toBe(1);
      await advance(1);
      expect((await rateLimiter.consume(request)).allowed).toBe(true);
    });

    test('does not count what it refused', async ({ backend: { rateLimiter }, advance }) => {
      const request = { ...ann, limit: 1 };
      await rateLimiter.consume(request);
      for (let i = 0; i < 5; i++) {
        await advance(10_000);
        expect((await rateLimiter.consume(request)).allowed).toBe(false);
      }
      await advance(10_000);
      expect(await rateLimiter.consume(request)).toMatchObject({ allowed: true, count: 1 });
    });

    test('follows a limit that changes', async ({ backend: { rateLimiter }, advance }) => {
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

    test('counts each user and endpoint apart', async ({ backend: { rateLimiter }, keys }) => {
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

    test('refuses a limit that is none', async ({ backend: { rateLimiter }, keys }) => {
      for (const limit of [0, -1, 1.5, NaN, Infinity]) {
        const failure = await failureOf(() => rateLimiter.consume({ ...ann, limit }));
        expect(failure).toEqual({ code: 'VALIDATION', field: 'limit' });
      }
      expect(await keys()).toEqual([]);
    });

    it('never allows more than the limit in any window, nor less than it could', async () => {
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
