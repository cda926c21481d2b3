import { skipFreshConnections, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

function refusal(decorate: () => unknown): Error {
  try {
    decorate();
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw new Error('expected a TypeError', { cause: error });
  }
  throw new Error('expected a TypeError, got none');
}

describe('a decorator in the wrong place', () => {
  it('on a field is refused, and the field is named', () => {
    const { message } = refusal(() => {
      class Handler {
        // @ts-expect-error: a field is no method
        @withFreshConnections()
        balance = async (): Promise<number> => 7;
      }
      return Handler;
    });
    expect(message).toBe('@withFreshConnections decorates methods and classes, not the field balance');
  });

  it('on a getter or a setter is refused, and the accessor is named', () => {
    const { message } = refusal(() => {
      class Handler {
        // @ts-expect-error: a getter is no method
        @withFreshConnections()
        get balance(): number {
          return 7;
        }
      }
      return Handler;
    });
    expect(message).toMatch(
      /^@withFreshConnections decorates methods and classes, not the (getter|accessor) balance$/,
    );
    expect(
      refusal(() => {
        class Handler {
          // @ts-expect-error: a setter is no method
          @withFreshConnections()
          set balance(_value: number) {}
        }
        return Handler;
      }).message,
    ).toMatch(/not the (setter|accessor) balance$/);
  });

  it('on a class without methods is refused, and the class is named', () => {
    const { message } = refusal(() => {
      @withFreshConnections()
      class Settings {
        colour = 'red';
        get loud(): boolean {
          return true;
        }
      }
      return Settings;
    });
    expect(message).toBe('@withFreshConnections: class Settings has no methods, so it is no handler');
  });

  it.each([
    ['an arrow function', async () => 7, 'the function (anonymous)'],
    ['a method of an object', { async balance() {} }.balance, 'the function balance'],
  ])('around %s is refused', (_, target, named) => {
    const { message } = refusal(() => withFreshConnections()(target as never));
    expect(message).toBe(`@withFreshConnections decorates methods and classes, not ${named}`);
  });

  it.each([[7], ['text'], [undefined], [{}]])('around %j is refused', (target) => {
    const { message } = refusal(() => withFreshConnections({})(target as never));
    expect(message).toBe('@withFreshConnections decorates methods and classes, not a value');
  });

  it('to skip a field, a getter or a class is refused', () => {
    expect(
      refusal(() => {
        class Handler {
          // @ts-expect-error: a field is no method
          @skipFreshConnections
          balance = 7;
        }
        return Handler;
      }).message,
    ).toBe('@skipFreshConnections decorates methods and classes, not the field balance');
    expect(
      refusal(() => {
        // @ts-expect-error: a class is no method
        @skipFreshConnections
        class Handler {
          async balance(): Promise<void> {}
        }
        return Handler;
      }).message,
    ).toMatch(/^@skipFreshConnections decorates methods.*class/);
  });

  it('on a class names the method whose merged options are wrong', () => {
    const { message } = refusal(() => {
      @withFreshConnections({ transaction: true })
      class Handler {
        async *list(): AsyncGenerator<number> {
          yield 1;
        }
      }
      return Handler;
    });
    expect(message).toMatch(/^withFreshConnections on list: /);
  });
});
