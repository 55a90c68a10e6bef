/**
 * Number of timer ticks after its deadline within which a call must settle, and their interval. They are counted, not measured,
 * because a busy machine delays them as it delays the call.
 */
const SLACK_TICKS = 50;
const TICK_MS = 20;

/** Returns the call's outcome. Rejects when it has not settled some ticks after its deadline. */
export function awaitByDeadline<T>(call: Promise<T>, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let ticks = 0;
    const tick = () => {
      if (ticks++ < SLACK_TICKS) timer = setTimeout(tick, TICK_MS);
      else reject(new Error(`the call has not settled ${SLACK_TICKS} ticks after its deadline`));
    };
    let timer = setTimeout(tick, deadline - Date.now());
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
