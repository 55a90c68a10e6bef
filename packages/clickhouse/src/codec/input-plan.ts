import type {
  Canonical,
  CheckedConstant,
  Column,
  Field,
  RecordDefinition,
  Rounding,
} from '@quantumtrade/dal-domain';
import { checkColumns, requireField } from '@quantumtrade/dal-domain';
import type { ColumnField } from './columns/writer-of.js';
import type { RowLoop } from './row-loops.js';
import { loopForSource, propertyLoop } from './row-loops.js';

export interface VaryingInput {
  readonly source: unknown;
  readonly loop: RowLoop;
}

/** Where one column's values come from: one constant for all rows, or a loop over a source. */
export type ColumnInput = CheckedConstant | VaryingInput;

/** Columns in place of rows, by field name, all of one length. */
export type ColumnSources = Readonly<Record<string, Column | undefined>>;

export type Constants = Readonly<Record<string, unknown>>;

/** Knows for each field of a table how its values are read, and keeps the loops that do it. */
export class InputPlan {
  readonly definition: RecordDefinition;
  readonly fields: readonly (readonly [name: string, field: ColumnField])[];
  readonly #operation: string;
  readonly #fieldsByName: Readonly<Record<string, ColumnField>>;
  /** All but versions, which no caller gives. */
  readonly #checkedFields: Readonly<Record<string, Field>>;
  readonly #propertyLoops: readonly RowLoop[];
  readonly #sourceLoops: readonly Map<string, RowLoop>[];

  constructor(definition: RecordDefinition, extraFields: Readonly<Record<string, ColumnField>>) {
    this.definition = definition;
    this.#fieldsByName = { ...definition.fields, ...extraFields };
    this.fields = Object.entries(this.#fieldsByName);
    this.#checkedFields = Object.fromEntries(this.fields.filter(isChecked));
    this.#operation = `${definition.table}.insert`;
    this.#propertyLoops = this.fields.map(([name]) => propertyLoop(name));
    this.#sourceLoops = this.fields.map(() => new Map());
  }

  /** The inputs of row objects. Throws `ValidationError` if a constant is wrong. */
  ofRows(rows: readonly unknown[], constants: Constants): ColumnInput[] {
    return this.fields.map(([name, field], position) =>
      Object.hasOwn(constants, name)
        ? { constant: this.#constant(field, name, constants[name]) }
        : { source: rows, loop: this.#propertyLoops[position]! },
    );
  }

  #constant(field: ColumnField, name: string, value: unknown): Canonical {
    return field.kind === 'version' ? (value as bigint) : requireField(field, name, value, this.#operation);
  }

  /** The inputs of columns and how many rows they have. Throws `ValidationError` also if they do not make up rows. */
  ofColumns(
    sources: ColumnSources,
    constants: Constants,
    rounding?: Rounding,
  ): { inputs: ColumnInput[]; rowCount: number } {
    const given = Object.entries(constants).filter(([name]) => this.#fieldsByName[name]?.kind !== 'version');
    const { inputs, rowCount } = checkColumns(
      this.#checkedFields,
      sources,
      Object.fromEntries(given),
      this.#operation,
      rounding,
    );
    return {
      rowCount,
      inputs: this.fields.map(([name, field], position) => {
        if (field.kind === 'version') return { constant: constants[name] as bigint };
        const source = inputs.get(name)!;
        if ('constant' in source) return source;
        return { source, loop: loopForSource(source, field, this.#sourceLoops[position]!) };
      }),
    };
  }
}

const isChecked = (entry: readonly [string, ColumnField]): entry is [string, Field] =>
  entry[1].kind !== 'version';
