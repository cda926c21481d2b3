import { isWireException } from '../../core/call/convert.js';
import { FieldType } from './protocol.js';

/** A generated client, as far as it is asked how it reads replies. */
type GeneratedClient = Record<string, unknown>;

/** No IDL is known to number its exceptions higher; each number that is tried costs a microsecond, once. */
const MAX_FIELD = 64;

/**
 * How exceptions of a second copy of the generated code become those of the service's own copy, by their name.
 * Two copies happen: the handler's package has its own, or a bundler made one. Generated code goes by
 * `instanceof`, and would take them for undeclared.
 *
 * @param Client the generated class Client of the service, whose replies tell the exceptions of a method.
 */
export function declaredExceptions(Client: unknown, method: string): (exception: unknown) => unknown {
  let classes: ReadonlyMap<string, ExceptionClass> | undefined;
  return (exception) => {
    if (typeof Client !== 'function' || !isWireException(exception)) return exception;
    const { name } = exception as Error;
    classes ??= exceptionClasses(Client as ClientClass, method);
    const Declared = classes.get(name);
    if (Declared === undefined || exception instanceof Declared) return exception;
    return Object.assign(new Declared(), exception);
  };
}

type ClientClass = new (output: unknown, protocol: unknown) => GeneratedClient;
type ExceptionClass = new () => Error;

function exceptionClasses(Client: ClientClass, method: string): ReadonlyMap<string, ExceptionClass> {
  const classes = new Map<string, ExceptionClass>();
  for (let field = 1; field <= MAX_FIELD; field += 1) {
    const sample = exceptionOf(Client, method, field);
    if (isWireException(sample)) {
      classes.set((sample as Error).name, (sample as Error).constructor as ExceptionClass);
    }
  }
  return classes;
}

/** What the generated client makes of a reply that has an empty struct in this field. */
function exceptionOf(Client: ClientClass, method: string, field: number): unknown {
  let received: unknown;
  const client = new Client(undefined, undefined);
  client._reqs = {
    0: (error: unknown) => {
      received = error;
    },
  };
  // Of the reply; all other structs are empty.
  const heads = [{ ftype: FieldType.STRUCT, fid: field }];
  const input = {
    readStructBegin: () => undefined,
    readStructEnd: () => undefined,
    readFieldBegin: () => heads.shift() ?? { ftype: FieldType.STOP, fid: 0 },
    readFieldEnd: () => undefined,
    readMessageEnd: () => undefined,
    skip: () => undefined,
    // Generated code of recent compilers counts the depth.
    incrementRecursionDepth: () => undefined,
    decrementRecursionDepth: () => undefined,
  };
  try {
    (client[`recv_${method}`] as (...args: unknown[]) => void).call(client, input, 2, 0);
  } catch {
    // A method without a reply, or a client of another making: it declares nothing that could be found here.
  }
  return received;
}
