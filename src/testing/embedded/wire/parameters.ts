import type { Value } from '../column.js';
import { readBinaryValue } from './binary-value.js';
import { PayloadReader } from './payload-reader.js';

const UNSIGNED = 0x80;
const CURSOR_AND_ITERATIONS = 1 + 4;

/** A parameter's type as the client last told it. */
export interface ParameterType {
  readonly wire: number;
  readonly unsigned: boolean;
}

/** What COM_STMT_EXECUTE carries. */
export interface Execution {
  readonly values: readonly Value[];
  /** Told at the first execution only, unless they change. */
  readonly types: readonly ParameterType[];
}

/** Reads the payload of COM_STMT_EXECUTE after the statement's id. */
export function readExecution(
  payload: Buffer,
  count: number,
  knownTypes: readonly ParameterType[],
  longData: ReadonlyMap<number, Buffer>,
): Execution {
  const reader = new PayloadReader(payload);
  reader.skip(CURSOR_AND_ITERATIONS);
  if (count === 0) return { values: [], types: knownTypes };
  const nulls = reader.bytes((count + 7) >> 3);
  const types = reader.uint(1) === 1 ? readTypes(reader, count) : knownTypes;
  const values = types.map(({ wire, unsigned }, i): Value => {
    if (((nulls[i >> 3] ?? 0) & (1 << (i & 7))) !== 0) return null;
    return longData.get(i) ?? readBinaryValue(reader, wire, unsigned);
  });
  return { values, types };
}

function readTypes(reader: PayloadReader, count: number): ParameterType[] {
  return Array.from({ length: count }, () => {
    const wire = reader.uint(1);
    return { wire, unsigned: (reader.uint(1) & UNSIGNED) !== 0 };
  });
}
