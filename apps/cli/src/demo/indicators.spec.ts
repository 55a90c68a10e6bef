import { generatedBars } from './generated-bars.js';
import { indicators } from './indicators.js';

const closes = [...generatedBars({ bars: 60, symbols: 1, seed: 3 })].map(({ close }) => Number(close));

describe('features of a day', () => {
  it('are computed as their names say', () => {
    const rising = [100, 110, 121, 133.1, 146.41, 161.051];
    const { close, return_1d, return_5d, sma_5, volatility_5d } = indicators(rising, 5);
    expect(close).toBe(161.051);
    expect(return_1d).toBeCloseTo(0.1, 12);
    expect(return_5d).toBeCloseTo(0.61051, 12);
    expect(sma_5).toBeCloseTo((110 + 121 + 133.1 + 146.41 + 161.051) / 5, 10);
    expect(volatility_5d).toBeCloseTo(0, 10);
    const zigzag = Array.from({ length: 15 }, (_, day) => (day % 2 ? 103 : 100));
    expect(indicators(zigzag, 14)['rsi_14']).toBeCloseTo(50, 10);
    expect(
      indicators(
        zigzag.map((price, day) => price + day),
        14,
      )['rsi_14'],
    ).toBeCloseTo((100 * 28) / 42, 10);
    expect(indicators(zigzag, 13)['rsi_14']).toBeUndefined();
    expect(
      indicators(
        Array.from({ length: 20 }, () => 5),
        19,
      ),
    ).toMatchObject({ rsi_14: 50, sma_20: 5 });
  });

  it('are absent before enough days have passed', () => {
    const names = (index: number) => Object.keys(indicators(closes, index));
    expect(names(0)).toEqual(['close']);
    expect(names(5)).toEqual(['close', 'return_1d', 'return_5d', 'sma_5', 'volatility_5d']);
    expect(names(19)).toHaveLength(7);
  });

  it('do not depend on later days', () => {
    closes.forEach((_, index) => {
      expect(indicators(closes, index)).toEqual(indicators(closes.slice(0, index + 1), index));
    });
  });
});
