import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import thrift from 'thrift';
import { describe, expect, expectTypeOf, test } from 'vitest';
import AccountService from '../../../../examples/gen/AccountService.js';
import accountTypes from '../../../../examples/gen/account_types.js';
import { currentCall } from '../../../../src/core/call/current-call.js';
import { freshProcessor, type HandlerOf, type ThriftProcessor } from '../../../../src/rpc/thrift/index.js';
import plainQuirks from './gen/plain/Quirks.js';
import Quirks from './gen/Quirks.js';
import { collectLogs } from './support/collect-logs.js';
import { deferred } from './support/deferred.js';
import { quirksHandler } from './support/quirks-handler.js';
import { received, serve, wires } from './support/serve.js';

collectLogs();

const { Int64 } = thrift;

/** Accounts in memory, as a user would write them. */
class AccountHandler {
  readonly balances = new Map<number, number>();
  readonly touched: number[] = [];

  async create(_owner: string, initialBalance: unknown): Promise<number> {
    this.balances.set(this.balances.size + 1, Number(initialBalance));
    return this.balances.size;
  }

  async balance(id: unknown): Promise<number> {
    const balance = this.balances.get(Number(id));
    if (balance === undefined) throw new accountTypes.AccountNotFound({ id: new Int64(Number(id)) });
    return balance;
  }

  transfer(
    fromId: unknown,
    toId: unknown,
    amount: unknown,
    _transferId: string,
    callback: (e: unknown) => void,
  ): void {
    const from = this.balances.get(Number(fromId)) ?? 0;
    if (from < Number(amount)) {
      const fields = { balance: new Int64(from), needed: new Int64(Number(amount)) };
      return callback(new accountTypes.InsufficientFunds(fields));
    }
    this.balances.set(Number(fromId), from - Number(amount));
    this.balances.set(Number(toId), (this.balances.get(Number(toId)) ?? 0) + Number(amount));
    callback(null);
  }

  history(): InstanceType<typeof accountTypes.Entry>[] {
    return [
      new accountTypes.Entry({ transferId: 'a', counterpart: i64(2), amount: i64(5), createdAt: i64(7) }),
    ];
  }

  touch(id: unknown): void {
    this.touched.push(Number(id));
  }
}

function i64(value: number): InstanceType<typeof Int64> {
  return new Int64(value);
}

test.each(wires)('over %s every method of the account service works', async (_name, wire) => {
  const handler = new AccountHandler();
  const { client } = await serve(freshProcessor(AccountService, handler), wire);
  const accounts = client(AccountService);
  const alice = await accounts.create('Älice', i64(100));
  const bob = await accounts.create('Bob', i64(0));
  await accounts.touch(alice);
  await accounts.transfer(alice, bob, i64(30), 'transfer-1');
  expect(Number(await accounts.balance(bob))).toBe(30);
  expect((await accounts.history(bob))[0]?.transferId).toBe('a');
  await expect(accounts.transfer(alice, bob, i64(1000), 'transfer-2')).rejects.toMatchObject({
    name: 'InsufficientFunds',
    balance: i64(70),
  });
  await expect(accounts.balance(i64(77))).rejects.toBeInstanceOf(accountTypes.AccountNotFound);
  expect(handler.touched).toEqual([1]);
});

describe('a handler in any style is answered once', () => {
  const styles: Record<string, [method: keyof HandlerOf<typeof Quirks>, (...args: never[]) => unknown]> = {
    'an async method': ['three', async (a: string, b: string, c: string) => a + b + c],
    'a method that returns a value': ['three', (a: string, b: string, c: string) => a + b + c],
    'a method with a callback': [
      'three',
      (a: string, b: string, c: string, done: Callback) => done(null, a + b + c),
    ],
    'a callback that is given undefined for no error': [
      'three',
      (a: string, b: string, c: string, done: Callback) => done(undefined, a + b + c),
    ],
    'a callback that comes later': [
      'three',
      (a: string, b: string, c: string, done: Callback) => void setImmediate(done, null, a + b + c),
    ],
    'an async method with a callback': [
      'three',
      async (a: string, b: string, c: string, done: Callback) => void setImmediate(done, null, a + b + c),
    ],
    'a method with a callback that returns an object whose then() throws': [
      'three',
      (a: string, b: string, c: string, done: Callback) => {
        setImmediate(done, null, a + b + c);
        // biome-ignore lint/suspicious/noThenProperty: as the commands of mysql2 do
        return { then: () => expect.unreachable() };
      },
    ],
    'an async method that leaves out arguments': ['three', async () => 'xyz'],
    'a synchronous method that leaves out arguments': ['three', () => 'xyz'],
    'a promise of a method that leaves out arguments': ['three', (_a: string) => Promise.resolve('xyz')],
    'an async method with a rest parameter': ['three', async (...all: string[]) => all.join('')],
    'a default for what the IDL does not have': [
      'three',
      async (a: string, b: string, c: string, options = { end: '' }) => a + b + c + options.end,
    ],
    'a wrapper that hides the parameters of a callback method': [
      'three',
      (...all: never[]) => (all.at(-1) as unknown as Callback)(null, all.slice(0, -1).join('')),
    ],
    'a callback called twice': [
      'three',
      (_a: string, _b: string, _c: string, done: Callback) => {
        done(null, 'xyz');
        done(null, 'second');
        done(new Error('third'));
      },
    ],
    'a promise and a callback': [
      'three',
      async (_a: string, _b: string, _c: string, done: Callback) => {
        done(null, 'xyz');
        return 'second';
      },
    ],
    'a throw after the callback': [
      'three',
      (_a: string, _b: string, _c: string, done: Callback) => {
        done(null, 'xyz');
        throw new Error('late');
      },
    ],
  };

  test.each(Object.entries(styles))('%s', async (_name, [method, handle]) => {
    const { connect } = await serve(freshProcessor(Quirks, quirksHandler({ [method]: handle })));
    const connection = connect();
    const replies = received(connection);
    const client = thrift.createClient(Quirks, connection);
    await expect(client.three('x', 'y', 'z')).resolves.toBe('xyz');
    // One more round trip: a second reply would have come before it.
    await client.none();
    expect(replies.frames()).toHaveLength(2);
  });

  type Callback = (error: unknown, result?: unknown) => void;
});

test('a void method is answered in every style', async () => {
  const inPromiseStyle = quirksHandler({ nothing: async (_a: string) => undefined });
  const inCallbackStyle = quirksHandler({ nothing: (_a: string, done: () => void) => done() });
  const synchronous = quirksHandler({ nothing: () => undefined });
  const hidden = quirksHandler({ nothing: (...all: never[]) => (all.at(-1) as unknown as () => void)() });
  const defaulted = quirksHandler({ nothing: (_a = '', done?: () => void) => done?.() });
  for (const handler of [inPromiseStyle, inCallbackStyle, synchronous, hidden, defaulted]) {
    const { client } = await serve(freshProcessor(Quirks, handler));
    await expect(client(Quirks).nothing('a')).resolves.toBeUndefined();
  }
});

test('a handler runs with itself as this, inside a call of the name Service.method', async () => {
  const handler = Object.assign(quirksHandler({}), {
    secret: 42,
    async none(this: { secret: number }) {
      return `${this.secret} ${currentCall()?.method}`;
    },
    async inherited() {
      return currentCall()?.method;
    },
  });
  for (const service of [Quirks, plainQuirks as unknown as typeof Quirks]) {
    const { client } = await serve(freshProcessor(service, handler));
    await expect(client(Quirks).none()).resolves.toBe('42 Quirks.none');
    await expect(client(Quirks).inherited('a')).resolves.toBe('Base.inherited');
  }
});

test('methods named like the parts of the processor work', async () => {
  const handler = quirksHandler({
    message: async (text: string) => `message ${text}`,
    reply: async (text: string) => `reply ${text}`,
  });
  const { client } = await serve(freshProcessor(Quirks, handler));
  await expect(client(Quirks).message('a')).resolves.toBe('message a');
  await expect(client(Quirks).reply('b')).resolves.toBe('reply b');
});

test('replaced methods of a handler are the ones that run', async () => {
  const handler = { ...quirksHandler({}) };
  const { client } = await serve(freshProcessor(Quirks, handler));
  Object.assign(handler, { none: async () => 'replaced' });
  await expect(client(Quirks).none()).resolves.toBe('replaced');
});

test('the plain output of the compiler works in every style although it asks the library for Q', async () => {
  const handler = quirksHandler({
    three: async (a: string, b: string, c: string) => a + b + c,
    nothing: (_a: string, done: () => void) => done(),
  });
  const { client } = await serve(freshProcessor(plainQuirks, handler));
  await expect(client(Quirks).three('x', 'y', 'z')).resolves.toBe('xyz');
  await client(Quirks).nothing('a');
});

test('calls of one connection are answered as they finish, each with its own result', async () => {
  const release: (() => void)[] = [];
  const handler = quirksHandler({
    three: (a: string, _b: string, _c: string) => new Promise((resolve) => release.push(() => resolve(a))),
  });
  const { client } = await serve(freshProcessor(Quirks, handler), wires[3]?.[1]);
  const quirks = client(Quirks);
  const order: string[] = [];
  const calls = ['first', 'second', 'third'].map(async (a) => order.push(await quirks.three(a, '', '')));
  while (release.length < 3) await quirks.none();
  for (const done of release.reverse()) {
    done();
    await quirks.none();
  }
  await Promise.all(calls);
  expect(order).toEqual(['third', 'second', 'first']);
});

test('a hundred calls at once over one connection are all answered, without a warning of leaks', async () => {
  const handler = quirksHandler({ three: (a: string, _b: string, _c: string) => immediate(a) });
  const { client } = await serve(freshProcessor(Quirks, handler));
  const quirks = client(Quirks);
  const names = Array.from({ length: 100 }, (_, index) => `call ${index}`);
  await expect(Promise.all(names.map((name) => quirks.three(name, '', '')))).resolves.toEqual(names);
});

test('services behind a MultiplexedProcessor are fresh as well', async () => {
  const multiplexed = new thrift.MultiplexedProcessor() as ThriftProcessor & {
    registerProcessor(name: string, processor: ThriftProcessor): void;
  };
  multiplexed.registerProcessor('Accounts', freshProcessor(AccountService, new AccountHandler()));
  multiplexed.registerProcessor(
    'Quirks',
    freshProcessor(Quirks, quirksHandler({ none: async () => currentCall()?.method })),
  );
  for (const [, wire] of wires) {
    const { connect } = await serve(multiplexed, wire);
    const connection = connect();
    const multiplexer = new thrift.Multiplexer();
    const quirks = multiplexer.createClient('Quirks', Quirks, connection);
    const accounts = multiplexer.createClient('Accounts', AccountService, connection);
    expect(await quirks.none()).toBe('Quirks.none');
    expect(Number(await accounts.create('Carol', i64(1)))).toBeGreaterThan(0);
  }
});

test('a oneway method runs, and an error in it reaches neither the client nor the process', async () => {
  const ran: string[] = [];
  const handler = quirksHandler({
    fire: (a: string) => {
      ran.push(a);
      throw new Error('lost');
    },
  });
  const { connect } = await serve(freshProcessor(Quirks, handler));
  const connection = connect();
  const replies = received(connection);
  const client = thrift.createClient(Quirks, connection);
  await client.fire('a');
  await client.none();
  expect(ran).toEqual(['a']);
  expect(replies.frames()).toHaveLength(1);
});

test('a oneway call goes on when its client leaves at once', async () => {
  const aborted = deferred<boolean | undefined>();
  const left = deferred<void>();
  const handler = quirksHandler({
    fire: async () => {
      await left.promise;
      aborted.resolve(currentCall()?.signal.aborted);
    },
  });
  const { connect, server } = await serve(freshProcessor(Quirks, handler));
  const connection = connect();
  server.once('connection', (socket) => {
    socket.once('data', () => connection.destroy());
    socket.once('close', () => left.resolve());
  });
  await thrift.createClient(Quirks, connection).fire('a');
  await expect(aborted.promise).resolves.toBe(false);
});

test('a oneway message to a method with a result is not answered', async () => {
  const ran: string[] = [];
  const handler = quirksHandler({ undeclared: async (what: string) => ran.push(what) });
  const { connect } = await serve(freshProcessor(Quirks, handler));
  const connection = connect();
  const replies = received(connection);
  const client = thrift.createClient(Quirks, connection);
  const { ONEWAY } = thrift.Thrift.MessageType;
  connection.write(frame(message('undeclared', ONEWAY, 'x')));
  await client.none();
  expect(ran).toEqual(['x']);
  expect(replies.frames()).toHaveLength(1);
});

test('a client that takes a oneway method for a two-way one is answered', async () => {
  const { connect } = await serve(freshProcessor(Quirks, quirksHandler({})));
  const connection = connect();
  const replies = received(connection);
  connection.write(frame(message('fire', thrift.Thrift.MessageType.CALL, 'x')));
  await once(connection.connection, 'data');
  expect(replies.frames()).toHaveLength(1);
});

/** A message with one argument, in the binary protocol. */
function message(name: string, type: thrift.Thrift.MessageType, argument: string): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  const transport = new thrift.TBufferedTransport(undefined, (flushed) => {
    bytes = flushed ?? bytes;
  });
  const protocol = new thrift.TBinaryProtocol(transport);
  protocol.writeMessageBegin(name, type, 1);
  protocol.writeStructBegin('args');
  protocol.writeFieldBegin('a', thrift.Thrift.Type.STRING, 1);
  protocol.writeString(argument);
  protocol.writeFieldEnd();
  protocol.writeFieldStop();
  protocol.writeStructEnd();
  protocol.writeMessageEnd();
  protocol.flush();
  return bytes;
}

function frame(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

describe('at construction', () => {
  const handler = quirksHandler({});

  test('a handler that lacks a method is refused with the name of the method', () => {
    const { three: _three, ...incomplete } = handler;
    // @ts-expect-error three is missing
    expect(() => freshProcessor(Quirks, incomplete)).toThrow(
      new TypeError(
        'freshProcessor: the handler has no method three(); the service has none, three, nothing, items, counts, ' +
          'declared, brief, undeclared, message, reply, inherited, fire',
      ),
    );
  });

  test('a handler that lacks an inherited method is refused', () => {
    const { inherited: _inherited, ...incomplete } = handler;
    // @ts-expect-error inherited is missing
    expect(() => freshProcessor(Quirks, incomplete)).toThrow('no method inherited()');
  });

  test('a class instead of a handler, or nothing, is refused', () => {
    // @ts-expect-error a class
    expect(() => freshProcessor(AccountService, AccountHandler)).toThrow('must be an object');
    // @ts-expect-error nothing
    expect(() => freshProcessor(AccountService, undefined)).toThrow('got undefined');
  });

  test('what is no generated service is refused', () => {
    // @ts-expect-error the types' module
    expect(() => freshProcessor(accountTypes, handler)).toThrow('expected a generated Processor');
    // @ts-expect-error the class Client
    expect(() => freshProcessor(Quirks.Client, handler)).toThrow('expected a generated Processor');
  });

  test('the class Processor is as good as its module', async () => {
    const { client } = await serve(freshProcessor(Quirks.Processor, handler));
    await expect(client(Quirks).none()).resolves.toBe('none');
  });

  test('options that nobody reads or that are out of range are refused', () => {
    // @ts-expect-error no such option
    expect(() => freshProcessor(Quirks, handler, { timeout: 5 })).toThrow(
      'freshProcessor: unknown option "timeout"; known: idempotent, transaction, exactlyOnce, timeoutMs, maxAttempts, as, methods',
    );
    expect(() => freshProcessor(Quirks, handler, { timeoutMs: -1 })).toThrow(RangeError);
    // @ts-expect-error no such method
    expect(() => freshProcessor(Quirks, handler, { methods: { nine: {} } })).toThrow(
      'freshProcessor: methods: the service has no method "nine"',
    );
    // @ts-expect-error no such option
    expect(() => freshProcessor(Quirks, handler, { methods: { none: { retries: 1 } } })).toThrow(
      'freshProcessor: methods.none: unknown option "retries"',
    );
  });

  test('createServer may be given the same handler or none, but no other', () => {
    const processor = freshProcessor(Quirks, handler);
    expect(new processor()).toBe(processor);
    expect(new processor(handler)).toBe(processor);
    expect(() => new processor({})).toThrow('has its handler already');
  });
});

test('the type of a handler has all methods of the service', () => {
  expectTypeOf<keyof HandlerOf<typeof AccountService>>().toEqualTypeOf<
    'create' | 'balance' | 'transfer' | 'history' | 'touch'
  >();
  expectTypeOf<keyof HandlerOf<typeof Quirks.Processor>>().toEqualTypeOf<
    | 'none'
    | 'three'
    | 'nothing'
    | 'items'
    | 'counts'
    | 'declared'
    | 'brief'
    | 'undeclared'
    | 'message'
    | 'reply'
    | 'inherited'
    | 'fire'
  >();
});
