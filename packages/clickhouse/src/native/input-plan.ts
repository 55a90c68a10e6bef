import type { Canonical, RecordDefinition } from '@quantumtrade/dal-domain';
import { requireField, ValidationError } from '@quantumtrade/dal-domain';
import type { ColumnField } from './column-writers/writer-of.js';
import type { ColumnSource, RowLoop } from './row-loops.js';
import { loopForSource, propertyLoop } from './row-loops.js';

export interface VaryingInput {
  readonly source: unknown;
  readonly loop: RowLoop;
}

/** Where one column's values come from: one constant for all rows, or a loop over a source. */
export type ColumnInput = { readonly constant: Canonical } | VaryingInput;

/** Columns in place of rows, by field name, all of one length. */
export type ColumnSources = Readonly<Record<string, ColumnSource>>;

export type Constants = Readonly<Record<string, unknown>>;

/** Knows for each field of a table how its values are read, and keeps the loops that do it. */
export class InputPlan {
  readonly definition: RecordDefinition;
  readonly fields: readonly (readonly [name: string, field: ColumnField])[];
  readonly #operation: string;
  readonly #propertyLoops: readonly RowLoop[];
  readonly #sourceLoops: readonly Map<string, RowLoop>[];

  constructor(definition: RecordDefinition, extraFields: Readonly<Record<string, ColumnField>>) {
    this.definition = definition;
    this.fields = Object.entries({ ...definition.fields, ...extraFields });
    this.#operation = `${definition.table}.insert`;
    this.#propertyLoops = this.fields.map(([name]) => propertyLoop(name));
    this.#sourceLoops = this.fields.map(() => new Map());
  }

  /** The inputs of row objects. Throws `ValidationError` if a constant is wrong. */
  ofRows(rows: readonly unknown[], constants: Constants): ColumnInput[] {
    return this.#inputs(constants, (_, position) => ({ source: rows, loop: this.#propertyLoops[position]! }));
  }

  /** The inputs of columns and how long they are. Throws `ValidationError` also if one is missing or of another length. */
  ofColumns(sources: ColumnSources, constants: Constants): { inputs: ColumnInput[]; length: number } {
    const operation = this.#operation;
    let length: number | undefined;
    const inputs = this.#inputs(constants, (name, position, field) => {
      const source = sources[name];
      if (!source) throw new ValidationError(name, 'is required', { operation });
      length ??= lengthOf(source);
      if (lengthOf(source) !== length) {
        throw new ValidationError(name, 'must be as long as the other columns', { operation });
      }
      return { source, loop: loopForSource(source, field, this.#sourceLoops[position]!) };
    });
    return { inputs, length: length ?? 0 };
  }

  #inputs(
    constants: Constants,
    varying: (name: string, position: number, field: ColumnField) => ColumnInput,
  ): ColumnInput[] {
    return this.fields.map(([name, field], position) =>
      Object.hasOwn(constants, name)
        ? { constant: requireField(field, name, constants[name], this.#operation) }
        : varying(name, position, field),
    );
  }
}

function lengthOf(source: ColumnSource): number {
  return 'dictionary' in source ? source.positions.length : source.length;
}
