import { ManualClock } from '@quantumtrade/dal-runtime';
import { Room } from './byte-budget.js';

/** A room of one byte; who enters takes it. */
function oneByte() {
  const timers = new ManualClock();
  const room = new Room(1, timers);
  const entered: string[] = [];
  const enter = (name: string, deadline?: number) =>
    room.enter(
      () => {
        room.use(1);
        entered.push(name);
      },
      { deadline },
      'write',
    );
  return { timers, room, entered, enter };
}

it('nobody overtakes who waits, even when there is room by now', async () => {
  const { room, entered, enter } = oneByte();
  const calls = [enter('first'), enter('second')];
  room.use(-1);
  calls.push(enter('third'));
  expect(entered).toEqual(['first']);
  room.admit();
  room.use(-1);
  room.admit();
  await Promise.all(calls);
  expect(entered).toEqual(['first', 'second', 'third']);
});

it('a call that was let in is watched no more, and one that gave up is not let in', async () => {
  const { timers, room, entered, enter } = oneByte();
  await enter('first');
  const patient = enter('patient', timers.now() + 20);
  const impatient = enter('impatient', timers.now() + 10);
  timers.advance(10);
  await expect(impatient).rejects.toMatchObject({ code: 'TIMEOUT' });
  room.use(-1);
  room.admit();
  timers.advance(10);
  await patient;
  room.use(-1);
  room.admit();
  expect(entered).toEqual(['first', 'patient']);
});
