import { getEventListeners } from 'node:events';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { callMethod, methodCases } from './method-cases.js';
import { recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

/** Tests the call options of every method, and `BackendProbe`. */
export function callSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'calls', (backend) => {
    const { it, expect } = runner;

    for (const tested of methodCases) {
      const { name, args, isExact = false } = tested;
      const call = (options: object) => callMethod(backend(), tested, args, options);
      it(`${name} rejects with the reason of an aborted signal`, async () => {
        for (const reason of [new Error('no longer wanted'), 'a reason that is no error']) {
          const pending = call({ signal: AbortSignal.abort(reason) });
          const ended = await pending.then(
            () => 'resolved',
            (error: unknown) => error,
          );
          expect(ended).toBe(reason);
        }
      });

      it(`${name} times out when its deadline has passed`, async () => {
        for (const deadline of [0, Date.now() - 1]) {
          expect(await summaryOfRejection(() => call({ deadline }))).toEqual({ code: 'TIMEOUT' });
        }
      });

      it(`${name} refuses a deadline that is no number`, async () => {
        const refused = { code: 'VALIDATION', field: 'deadline' };
        for (const deadline of [NaN, '2030-01-01', null, new Date(Date.now() + 60_000), 5n]) {
          expect(await summaryOfRejection(() => call(untyped({ deadline })))).toEqual(refused);
        }
      });

      it(`${name} refuses unknown and wrong options by name`, async () => {
        const failure = (options: unknown) => summaryOfRejection(() => call(untyped(options)));
        const refused = (field: string) => ({ code: 'VALIDATION', field });
        expect(await failure({ deadlin: 1 })).toEqual(refused('deadlin'));
        expect(await failure({ signal: {} })).toEqual(refused('signal'));
        for (const priority of ['urgent', 'HIGH', 1, null]) {
          expect(await failure({ priority })).toEqual(refused('priority'));
        }
        for (const options of [null, 5, 'now']) expect(await failure(options)).toEqual(refused('options'));
        for (const exact of isExact ? [1, 'true', null] : [true]) {
          expect(await failure({ exact })).toEqual(refused('exact'));
        }
      });
    }

    it('stores nothing for calls that are over at once', async () => {
      expect(await backend().checkpoints.load('CALLS')).toBe(0);
      expect(await backend().schema.version()).toBeGreaterThan(0);
      for (const tested of recordCases) {
        expect((await tested.find(backend(), {})).totalCount).toBe(0);
      }
      expect(await backend().features.latest('CALLS')).toBeNull();
    });

    it('answers calls with a signal and a deadline in time', async () => {
      const { signal } = new AbortController();
      const options = { signal, deadline: Date.now() + 60_000, priority: 'high' as const };
      for (const tested of methodCases) {
        const { name, args } = tested;
        if (name !== 'schema.migrate') await callMethod(backend(), tested, args, options);
        expect([name, getEventListeners(options.signal, 'abort').length]).toEqual([name, 0]);
      }
    });

    it('adds at most one listener to a shared signal', async () => {
      const { signal } = new AbortController();
      const pending = Array.from({ length: 50 }, () => backend().probe.ping({ signal }));
      expect(getEventListeners(signal, 'abort').length <= 1).toBe(true);
      await Promise.all(pending);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('answers a ping and counts connections', async () => {
      await backend().probe.ping();
      expect(backend().probe.connectionCount()).toBeGreaterThanOrEqual(0);
    });

    it('fails every call after close, which may be repeated', async () => {
      const closed = await open();
      await closed.backend.probe.close();
      await closed.backend.probe.close();
      for (const tested of methodCases) {
        const call = () => callMethod(closed.backend, tested, tested.args, {});
        expect(await summaryOfRejection(call)).toEqual({ code: 'CONNECTION' });
      }
      expect(closed.backend.probe.connectionCount()).toBe(0);
      await closed.close();
    });
  });
}
