import { ManualClock } from '@quantumtrade/dal-runtime';
import { ByteBudget } from './byte-budget.js';

/** A budget of one byte, which every admitted call uses. */
function oneByte() {
  const clock = new ManualClock();
  const budget = new ByteBudget(1, clock);
  const admitted: string[] = [];
  const admit = (name: string, deadline?: number) =>
    budget.admit(
      () => {
        budget.use(1);
        admitted.push(name);
      },
      { deadline },
      'write',
    );
  return { clock, budget, admitted, admit };
}

it('admit keeps the order of arrival when bytes are free again', async () => {
  const { budget, admitted, admit } = oneByte();
  const calls = [admit('first'), admit('second')];
  budget.use(-1);
  calls.push(admit('third'));
  expect(admitted).toEqual(['first']);
  budget.admitWaiting();
  budget.use(-1);
  budget.admitWaiting();
  await Promise.all(calls);
  expect(admitted).toEqual(['first', 'second', 'third']);
});

it('admit skips a call whose deadline has passed', async () => {
  const { clock, budget, admitted, admit } = oneByte();
  await admit('first');
  const patient = admit('patient', clock.now() + 20);
  const impatient = admit('impatient', clock.now() + 10);
  clock.advance(10);
  await expect(impatient).rejects.toMatchObject({ code: 'TIMEOUT' });
  budget.use(-1);
  budget.admitWaiting();
  clock.advance(10);
  await patient;
  budget.use(-1);
  budget.admitWaiting();
  expect(admitted).toEqual(['first', 'patient']);
});
