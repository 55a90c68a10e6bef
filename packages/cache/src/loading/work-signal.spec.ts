import { WorkSignal } from './work-signal.js';

it('tells who listens, once, and not who has stopped', () => {
  const signal = new WorkSignal();
  const heard: string[] = [];
  const stopped = () => heard.push('stopped');
  signal.addEventListener('abort', () => heard.push('told'));
  signal.addEventListener('abort', stopped);
  signal.removeEventListener('abort', stopped);
  expect(() => signal.throwIfAborted()).not.toThrow();
  signal.abort(new Error('enough'));
  signal.abort(new Error('more'));
  expect(heard).toEqual(['told']);
  expect(() => signal.throwIfAborted()).toThrow('enough');
});

it.each(['before', 'after'])('gives a standard signal, asked for %s it is aborted', (when) => {
  const signal = new WorkSignal();
  if (when === 'before') expect(signal.standard.aborted).toBe(false);
  signal.abort(new Error('enough'));
  expect(signal.standard.aborted).toBe(true);
  expect(signal.standard.reason).toMatchObject({ message: 'enough' });
  expect(signal.standard).toBe(signal.standard);
});

it('says by default what an abort signal says', () => {
  const signal = new WorkSignal();
  signal.abort();
  expect(signal.reason).toMatchObject({ name: 'AbortError' });
});
