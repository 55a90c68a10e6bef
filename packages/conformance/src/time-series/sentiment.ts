import type { SentimentInput } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { answer, describeSubject, uniqueDay, uniqueName, untyped } from './subject.js';

const sentimentCase = caseOf('sentiment');

/** Tests `SentimentRepository`. */
export function sentimentSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'news sentiment', (backend) => {
    const { it, expect } = runner;
    const day = uniqueDay();
    const news = (symbol: string, more: Partial<SentimentInput> = {}) =>
      ({ ...sentimentCase.row(symbol, day), ...more }) as SentimentInput;
    const write = (records: readonly SentimentInput[], source = 'newswire') =>
      backend().sentiment.insert({ records, source });
    const read = async (symbol: string) => (await backend().sentiment.find({ symbol })).data;

    it('orders headlines of one millisecond by content hash', async () => {
      const symbol = uniqueName();
      const hashes = [18_446_744_073_709_551_615n, 9_007_199_254_740_993n, 9_007_199_254_740_992n, 0n];
      await write(hashes.map((contentHash) => news(symbol, { contentHash, headline: `No. ${contentHash}` })));
      const found = await read(symbol);
      expect(found.map(({ contentHash }) => contentHash)).toEqual(hashes.toReversed());
      expect(found[3]?.headline).toBe('No. 18446744073709551615');
    });

    it('find returns a headline by its content hash', async () => {
      const symbol = uniqueName();
      await write([news(symbol, { contentHash: 9_007_199_254_740_993n }), news(symbol, { contentHash: 1 })]);
      const found = await backend().sentiment.find({ symbol, filters: { contentHash: '9007199254740993' } });
      expect(found.data.map(({ contentHash }) => contentHash)).toEqual([9_007_199_254_740_993n]);
      for (const contentHash of ['-1', 'abc', '', '1.0', '18446744073709551616']) {
        expect(
          await summaryOfRejection(() => backend().sentiment.find({ filters: { contentHash } })),
        ).toEqual({
          code: 'VALIDATION',
          field: 'filters.contentHash',
        });
      }
    });

    it('returns scores as 32-bit floats', async () => {
      const symbol = uniqueName();
      const scores = [0.1, -1, 1, 1 / 3, 1e-40, -0];
      await write(scores.map((sentimentScore, n) => news(symbol, { sentimentScore, contentHash: n })));
      expect((await read(symbol)).map(({ sentimentScore }) => sentimentScore)).toEqual(
        scores.map((score) => Math.fround(score) + 0),
      );
    });

    it('refuses sentiment scores outside their limits', async () => {
      const wrong: Partial<SentimentInput>[] = [
        { sentimentScore: 1.000001 },
        { sentimentScore: -1.000001 },
        { sentimentScore: NaN },
        { confidence: -0.1 },
        { confidence: 1.1 },
        { relevanceScore: Infinity },
        { relevanceScore: untyped('0.5') },
      ];
      const { errors } = await write(wrong.map((more) => news(uniqueName(), more)));
      expect(errors.map(({ index, field }) => ({ index, field }))).toEqual(
        wrong.map((more, index) => ({ index, field: Object.keys(more)[0] })),
      );
    });

    it('keeps headlines of any characters, empty ones included', async () => {
      const symbol = uniqueName();
      const headlines = [
        '',
        ' ',
        '🚀 “up”',
        'tab\tline\nend',
        'null',
        '\\N',
        '\u0000',
        "it's",
        '日経 ﷽',
        'x'.repeat(65_536),
      ];
      await write(headlines.map((headline, contentHash) => news(symbol, { headline, contentHash })));
      expect((await read(symbol)).map(({ headline }) => headline)).toEqual(headlines);
      const { errors } = await write(
        ['x'.repeat(65_537), '\udc00'].map((headline) => news(symbol, { headline })),
      );
      expect(errors.map(({ field }) => field)).toEqual(['headline', 'headline']);
    });

    it('latest returns the newest rows, then by source and hash', async () => {
      const symbol = uniqueName();
      for (const source of ['b', 'a']) {
        const hashes = [2n, 1n].flatMap((contentHash) =>
          [0, 1].map((n) => news(symbol, { timestamp: day + n, contentHash })),
        );
        await write(hashes, source);
      }
      const all = [1, 0].flatMap((n) =>
        ['a', 'b'].flatMap((source) => [1n, 2n].map((hash) => [n, source, hash])),
      );
      for (const limit of [0, 1, 3, 8, 9]) {
        const { data, totalCount } = answer(await backend().sentiment.latest(symbol, limit));
        expect(totalCount).toBe(Math.min(limit, 8));
        expect(data.map((row) => [row.timestamp.getTime() - day, row.source, row.contentHash])).toEqual(
          all.slice(0, limit),
        );
      }
      expect((await backend().sentiment.latest(uniqueName(), 1)).data).toEqual([]);
      expect(await summaryOfRejection(() => backend().sentiment.latest('', 1))).toMatchObject({
        field: 'symbol',
      });
      expect(await summaryOfRejection(() => backend().sentiment.latest('A', -1))).toMatchObject({
        field: 'limit',
      });
    });
  });
}
