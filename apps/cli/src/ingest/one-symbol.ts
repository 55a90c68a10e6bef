import type { Refusal } from './bars.js';
import { symbolColumns } from './columns.js';

/**
 * Refuses rows of other symbols than the first row's, when all rows are stored under one symbol. The file may name that symbol
 * differently.
 */
export class OneSymbol {
  readonly #columns: readonly number[];
  #first: { readonly line: number; readonly name: string } | undefined;

  constructor(header: readonly string[]) {
    this.#columns = symbolColumns(header);
  }

  refusal(cells: readonly string[], line: number): Refusal | undefined {
    if (this.#columns.length === 0) return undefined;
    const name = this.#columns.map((column) => cells[column] ?? '').join('\t');
    this.#first ??= { line, name };
    if (name === this.#first.name) return undefined;
    const reason = `is not that of line ${this.#first.line}, and --symbol is for a file of one symbol`;
    return { line, field: 'symbol', reason };
  }
}
