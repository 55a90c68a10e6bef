import type { TableField } from '../codec/kinds.js';

const TYPES: Readonly<Record<TableField['kind'], string>> = {
  symbol: 'LowCardinality(String)',
  label: 'LowCardinality(String)',
  id: 'String',
  text: 'String',
  metadata: 'String',
  instant: "DateTime64(3, 'UTC')",
  decimal: 'Decimal(18, 8)',
  uint8: 'UInt8',
  uint16: 'UInt16',
  uint32: 'UInt32',
  uint64: 'UInt64',
  float32: 'Float32',
  float64: 'Float64',
  uuid: 'UUID',
  texts: 'Array(String)',
  numbers: 'Map(String, Float64)',
  version: "DateTime64(8, 'UTC')",
};

/** The type of the column that a migration must give to a field; said here again, so that a slip in the adapter shows. */
export function columnTypeOf(field: TableField): string {
  const type = field.kind === 'decimal' && field.precision === 38 ? 'Decimal(38, 8)' : TYPES[field.kind];
  return field.nullable ? `Nullable(${type})` : type;
}
