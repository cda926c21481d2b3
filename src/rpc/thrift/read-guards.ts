import { FieldType, type ListHeader, type MapHeader, type ServerProtocol, transportOf } from './protocol.js';
import { ProtocolError } from './protocol-error.js';

/**
 * Guards what generated code reads. It makes as many elements of a container as the container's head claims,
 * whether they are there or not: a few bytes would stall the process and take gigabytes.
 *
 * @param whole whether the message is known to be there to its end.
 * @param maxElements the most elements that the containers of the message may have together.
 */
export function guardReads(input: ServerProtocol, whole: boolean, maxElements: number): void {
  reading = { whole, elementsLeft: maxElements, lists: 0 };
  input.readListBegin = guarded(input.readListBegin, guardList);
  input.readSetBegin = guarded(input.readSetBegin, guardSet);
  input.readMapBegin = guarded(input.readMapBegin, guardMap);
  if ('rstack' in input) input.readStructBegin = guarded(input.readStructBegin, guardJsonStruct);
}

/** Of the message that is being read. Reading is synchronous to the last byte: one at a time is enough. */
let reading = { whole: false, elementsLeft: 0, lists: 0 };

type Reader<T> = (this: ServerProtocol) => T;
type Guard<T> = (original: Reader<T>) => Reader<T>;

/** By the function that it guards: a protocol is made for each chunk of data, its functions are not. */
const guards = new WeakMap<object, object>();

function guarded<T>(original: Reader<T>, guard: Guard<T>): Reader<T> {
  const known = guards.get(original);
  if (known !== undefined) return known as Reader<T>;
  const made = guard(original);
  guards.set(original, made);
  // What is guarded already, as the input of a later message of the same chunk, stays as it is.
  guards.set(made, made);
  return made;
}

function guardList(original: Reader<ListHeader>): Reader<ListHeader> {
  return function (this: ServerProtocol): ListHeader {
    const head = original.call(this);
    guardElements(this, head);
    return head;
  };
}

/** Some protocols read a set as a list, others do not. */
function guardSet(original: Reader<ListHeader>): Reader<ListHeader> {
  return function (this: ServerProtocol): ListHeader {
    const before = reading.lists;
    const head = original.call(this);
    if (reading.lists === before) guardElements(this, head);
    return head;
  };
}

function guardElements(input: ServerProtocol, { etype, size }: ListHeader): void {
  reading.lists += 1;
  if (isJson(input)) guardJsonList(input, size);
  else guardBytes(input, size, smallest(etype));
  countElements(size);
}

function guardMap(original: Reader<MapHeader>): Reader<MapHeader> {
  return function (this: ServerProtocol): MapHeader {
    const head = original.call(this);
    if (isJson(this)) refuseUnless(head.size <= Object.keys(jsonObject(this)).length, head.size);
    else guardBytes(this, head.size, smallest(head.ktype) + smallest(head.vtype));
    countElements(head.size);
    return head;
  };
}

/** The fewest bytes of a value that hold in the binary as well as in the compact protocol. */
function smallest(type: number): number {
  if (type === FieldType.DOUBLE) return 8;
  return type === FieldType.UUID ? 16 : 1;
}

function guardBytes(input: ServerProtocol, size: number, bytesEach: number): void {
  const transport = transportOf(input);
  const { readIndex, writeIndex } = transport.borrow();
  if (size * bytesEach <= writeIndex - readIndex) return;
  // Of a message that may be in part under way yet, the server waits for the rest.
  if (!reading.whole) transport.ensureAvailable(size * bytesEach);
  refuseUnless(false, size);
}

function countElements(size: number): void {
  reading.elementsLeft -= size;
  if (reading.elementsLeft < 0) {
    throw new ProtocolError(`a container of ${size} elements is more than a message may have`);
  }
}

// A claim that is no number fails as well.
function refuseUnless(there: boolean, claimed: number): void {
  if (!there) throw new ProtocolError(`a container claims ${claimed} elements and has fewer`);
}

/** The JSON protocol has parsed the whole message; it works through the values on this stack. */
interface JsonProtocol extends ServerProtocol {
  readonly rstack: readonly unknown[];
}

function isJson(input: ServerProtocol): input is JsonProtocol {
  return 'rstack' in input;
}

function guardJsonList({ rstack }: JsonProtocol, size: number): void {
  // The first element is on the stack already, the others are left in the list below.
  const others = rstack.at(-2);
  if (!Array.isArray(others)) throw new ProtocolError('a list is no list');
  refuseUnless(size <= others.length + (rstack.at(-1) === undefined ? 0 : 1), size);
  if (others.length > SHIFTABLE) shiftInChunks(others);
}

/** V8 moves all elements of a long array at each shift(): a list of 300,000 numbers took npm thrift 19 s. */
const SHIFTABLE = 4096;

function shiftInChunks(list: unknown[]): void {
  const later = list.splice(SHIFTABLE);
  let next = 0;
  const shift = (): unknown => {
    const first = Array.prototype.shift.call(list);
    if (list.length === 0 && next < later.length) {
      list.push(...later.slice(next, next + SHIFTABLE));
      next += SHIFTABLE;
    }
    return first;
  };
  Object.defineProperty(list, 'shift', { value: shift });
}

function guardJsonStruct(original: Reader<unknown>): Reader<unknown> {
  return function (this: ServerProtocol): unknown {
    const head = original.call(this);
    jsonObject(this as JsonProtocol);
    return head;
  };
}

/**
 * The parser of npm thrift takes the key `__proto__` for a prototype. Generated code then reads the fields of
 * the prototype for ever, because they can't be deleted: 41 bytes would stop the process.
 */
function jsonObject({ rstack }: JsonProtocol): object {
  const value = rstack.at(-1);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new ProtocolError('a struct or a map is no JSON object');
  }
  return value;
}
