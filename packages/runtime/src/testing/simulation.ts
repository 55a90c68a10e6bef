/** Simulated time: events run in order, and promises settle between two events. */
export class Simulation {
  now = 0;
  #events: { readonly at: number; readonly happen: () => void }[] = [];

  at(time: number, happen: () => void): void {
    const index = this.#events.findLastIndex(({ at }) => at <= time);
    this.#events.splice(index + 1, 0, { at: time, happen });
  }

  passed(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + ms, resolve));
  }

  async run(until: number): Promise<void> {
    for (let event = this.#events[0]; event && event.at <= until; event = this.#events[0]) {
      this.#events.shift();
      this.now = event.at;
      event.happen();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now = until;
  }
}
