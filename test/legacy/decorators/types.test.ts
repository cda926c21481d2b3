import { skipFreshConnections, withFreshConnections } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

/** Never run: the compiler is the test, `tsc -p test/legacy`. */
function refused(): unknown {
  class Handler {
    // @ts-expect-error: a plain result could not wait
    @withFreshConnections()
    plain(): number {
      return 7;
    }

    // @ts-expect-error: a misspelt option
    @withFreshConnections({ idempotant: true })
    async misspelt(): Promise<void> {}

    // @ts-expect-error: an isolation level that there is not
    @withFreshConnections({ transaction: { isolation: 'snapshot' } })
    async isolated(): Promise<void> {}

    // @ts-expect-error: a number is no duration in words
    @withFreshConnections({ timeoutMs: '5s' })
    async slow(): Promise<void> {}

    // @ts-expect-error: a field is no method
    @withFreshConnections
    field = async (): Promise<void> => undefined;

    // @ts-expect-error: a getter is no method
    @withFreshConnections
    get accessor(): string {
      return '';
    }

    @skipFreshConnections
    plainToo(): number {
      return 7;
    }
  }
  return Handler;
}

describe('types of the legacy dialect', () => {
  it('refuse what the compiler checks', () => {
    expect(refused).toBeTypeOf('function');
  });
});
