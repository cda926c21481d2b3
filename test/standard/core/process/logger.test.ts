import { type Logger, setLogger } from 'fresh-connections';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorFields, logger, stderrLogger } from '../../../../src/core/process/logger.js';

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  onTestFinished(() => write.mockRestore());
});

describe('the default logger', () => {
  it('writes warnings and errors to stderr, one line each, and nothing else', () => {
    expect(logger()).toBe(stderrLogger);
    logger().debug({ a: 1 }, 'debug');
    logger().info({ a: 1 }, 'info');
    logger().warn({ a: 1, left: undefined, text: 'two\nlines' }, 'careful');
    logger().error({}, 'broken');
    expect(lines).toEqual([
      expect.stringMatching(/^\d{4}-\S+Z fresh-connections WARN careful a=1 text="two\\nlines"\n$/),
      expect.stringMatching(/^\d{4}-\S+Z fresh-connections ERROR broken\n$/),
    ]);
  });

  it('does not lose a line to a fact that has no JSON', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger().warn({ big: 1n, circle, last: 1 }, 'careful');
    expect(lines[0]).toMatch(/ careful big=bigint circle=object last=1\n$/);
  });
});

describe('setLogger', () => {
  it('replaces the logger of the process', () => {
    const other: Logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    setLogger(other);
    onTestFinished(() => setLogger(stderrLogger));
    expect(logger()).toBe(other);
  });

  it.each([undefined, null, {}, { warn: () => undefined, error: () => undefined }])(
    'refuses %j: a method of pino’s shape is missing',
    (bad) => {
      const set = (): void => setLogger(bad as never);
      expect(set).toThrow(TypeError);
      expect(set).toThrow('has no method debug()');
      expect(logger()).toBe(stderrLogger);
    },
  );
});

describe('the facts of an error', () => {
  it('are its name, codes and frames; its text only when no resource classified it', () => {
    const error = Object.assign(new RangeError('text'), { code: 'E', errno: 7 });
    const facts = { error: 'RangeError', code: 'E', errno: 7 };
    const { stack, ...rest } = errorFields(error, true);
    expect(rest).toEqual(facts);
    expect(String(stack)).toMatch(/^ {4}at .*logger\.test\.ts/);
    expect(errorFields(error, false)).toEqual({ ...facts, text: 'text', stack });
  });

  it.each(['sql', 'sqlMessage', 'sqlState', 'query', 'parameters'])(
    'hold no text of an error with %s: it comes from a database, whether a resource classified it or not',
    (field) => {
      const error = Object.assign(new Error("near 'secret'"), { [field]: 'secret' });
      expect(JSON.stringify(errorFields(error, false))).not.toContain("near 'secret'");
    },
  );

  it('have no frames where the stack is none', () => {
    for (const stack of [undefined, [], 7]) {
      const error = Object.defineProperty(new Error('text'), 'stack', { value: stack });
      expect(errorFields(error, true).stack).toBe('');
    }
  });

  it('that are thrown without being an error are its text, or its type', () => {
    expect(errorFields('text', false)).toEqual({ error: 'text' });
    expect(errorFields('text', true)).toEqual({ error: 'string' });
    expect(errorFields(Object.create(null), false)).toEqual({ error: 'object' });
  });
});
