import { PassThrough } from 'node:stream';
import { ManualClock } from '@quantumtrade/dal-runtime';
import { turn } from '@quantumtrade/dal-testing';
import { EventStream } from './event-stream.js';

const LIMITS = { heartbeatMs: 100, stallTimeoutMs: 1_000 };
const BIG = 'x'.repeat(100);

function open(highWaterMark = 1_000) {
  const clock = new ManualClock();
  const response = new PassThrough({ highWaterMark });
  const events = new EventStream(response, LIMITS, clock);
  return { clock, response, events, received: () => String(response.read() ?? '') };
}

describe('EventStream', () => {
  it('writes events with their ids', async () => {
    const { events, received } = open();
    await events.send({ id: 'a', event: 'tick', data: '{}' });
    expect(received()).toBe('retry: 2000\n\nid: a\nevent: tick\ndata: {}\n\n');
  });

  it('sends comments in silence', async () => {
    const { events, clock, received } = open();
    received();
    clock.advance(99);
    await events.send({ event: 'tick', data: '1' });
    received();
    clock.advance(99);
    expect(received()).toBe('');
    clock.advance(1);
    expect(received()).toBe(':\n\n');
  });

  it('waits until the client takes the events', async () => {
    const { events, response } = open(50);
    let isSent = false;
    const sent = events.send({ event: 'tick', data: BIG }).then(() => (isSent = true));
    await turn();
    expect(isSent).toBe(false);
    response.resume();
    await sent;
    expect(events.isEnded).toBe(false);
  });

  it('disconnects a client that takes nothing, with the reason', async () => {
    const { events, response, clock, received } = open(50);
    const sent = events.send({ event: 'tick', data: BIG });
    clock.advance(LIMITS.stallTimeoutMs);
    await sent;
    expect(events.isEnded).toBe(true);
    const length = response.writableLength + response.readableLength;
    await events.send({ event: 'tick', data: BIG });
    expect(response.writableLength + response.readableLength).toBe(length);
    expect(received()).toContain('event: end\ndata: {"reason":"slow-consumer"}');
    clock.advance(1_000);
    expect(response.destroyed).toBe(true);
  });

  it('leaves no timer behind when the client leaves', async () => {
    const { events, response, clock } = open();
    response.destroy();
    await turn();
    await events.send({ event: 'tick', data: '1' });
    expect([events.isEnded, clock.pendingTimers]).toEqual([true, 0]);
  });
});
