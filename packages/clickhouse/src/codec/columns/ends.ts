/**
 * Where each row's items end in a column of lists: UInt64 counted from the first item of the block. A block has less
 * than 2^32 items, so the upper half is zero.
 */
export class Ends {
  #halves = new Uint32Array();

  reserve(rows: number): void {
    if (2 * rows <= this.#halves.length) return;
    const grown = new Uint32Array(Math.max(2 * rows, 2 * this.#halves.length));
    grown.set(this.#halves);
    this.#halves = grown;
  }

  set(row: number, end: number): void {
    this.#halves[2 * row] = end;
  }

  writeTo(target: Buffer, offset: number, rows: number): void {
    target.set(new Uint8Array(this.#halves.buffer, 0, 8 * rows), offset);
  }
}
