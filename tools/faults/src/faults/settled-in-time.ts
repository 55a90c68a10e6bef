/**
 * How many ticks after its deadline a call may be settled, and how far they are apart at least. They are counted, not
 * measured: a machine that is busy delays them as it delays the call.
 */
const SLACK_TICKS = 50;
const TICK_MS = 20;

/** The call's outcome; fails when there is none by the deadline and the ticks after it. */
export function settledInTime<T>(call: Promise<T>, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let ticks = 0;
    const tick = () => {
      if (ticks++ < SLACK_TICKS) timer = setTimeout(tick, TICK_MS);
      else reject(new Error(`hangs ${SLACK_TICKS} ticks past its deadline`));
    };
    let timer = setTimeout(tick, deadline - Date.now());
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
