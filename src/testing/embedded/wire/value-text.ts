import { type ColumnType, type Value, WIRE_TYPES } from '../column.js';

/** A value as text, in the form that a column of its type has. */
export function valueText(value: Exclude<Value, null>, column: ColumnType): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  switch (column.wire) {
    case WIRE_TYPES.NEWDECIMAL:
      return typeof value === 'bigint' && column.decimals === 0
        ? String(value)
        : Number(value).toFixed(column.decimals);
    case WIRE_TYPES.DATETIME:
    case WIRE_TYPES.TIMESTAMP:
      return withFraction(midnight(String(value)), column.decimals);
    case WIRE_TYPES.TIME:
      return withFraction(String(value), column.decimals);
    case WIRE_TYPES.DATE:
      return String(value).slice(0, 10);
    default:
      return String(value);
  }
}

function midnight(text: string): string {
  return text.length === 10 ? `${text} 00:00:00` : text;
}

/** Stored without trailing zeros, shown with as many digits as the column has. */
function withFraction(text: string, digits: number): string {
  const [seconds = '', fraction = ''] = text.split('.');
  return digits === 0 ? seconds : `${seconds}.${fraction.padEnd(digits, '0').slice(0, digits)}`;
}
