import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { NativeColumn } from '../codec/read/column.js';

type MakeRows = (count: number, columns: readonly NativeColumn[]) => Row[];

const compiled = new WeakMap<RecordDefinition, MakeRows>();

/** The canonical rows of a block that has a column for each field of the record. */
export function rowsOf(block: DecodedBlock, definition: RecordDefinition): Row[] {
  const names = Object.keys(definition.fields);
  let make = compiled.get(definition);
  if (!make) compiled.set(definition, (make = compile(names)));
  return make(
    block.rowCount,
    names.map((name) => block.column(columnOf(name))),
  );
}

/** Rows written as object literals are made several times faster than property by property. */
function compile(names: readonly string[]): MakeRows {
  try {
    const columns = names.map((_, i) => `c${i}`);
    const properties = names.map((name, i) => `${JSON.stringify(name)}: c${i}.at(i)`);
    return new Function(
      'count, columns',
      `// ${JSON.stringify(names)}
       const [${columns}] = columns;
       const rows = new Array(count);
       for (let i = 0; i < count; i++) rows[i] = { ${properties} };
       return rows;`,
    ) as MakeRows;
  } catch {
    return (count, columns) =>
      Array.from(
        { length: count },
        (_, i) => Object.fromEntries(names.map((name, c) => [name, columns[c]!.at(i)])) as Row,
      );
  }
}
