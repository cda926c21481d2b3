import { ServiceException, Status } from 'fresh-connections';
import { describe, expect, it, vi } from 'vitest';

describe('ServiceException', () => {
  it('carries the status, its number, and what else the client is told', () => {
    const cause = new Error('behind it');
    const exception = new ServiceException('UNAVAILABLE', 'come back later', {
      reason: 'CONNECTION_LOST',
      outcome: 'unknown',
      retryable: true,
      retryAfterMs: 250,
      callId: 'call-1',
      cause,
    });
    expect(exception).toBeInstanceOf(Error);
    expect({ ...exception }).toEqual({
      name: 'ServiceException',
      status: 'UNAVAILABLE',
      code: 14,
      reason: 'CONNECTION_LOST',
      outcome: 'unknown',
      retryable: true,
      retryAfterMs: 250,
      callId: 'call-1',
    });
    expect(exception.message).toBe('come back later');
    expect(exception.cause).toBe(cause);
  });

  it('says by default that nothing happened and that a repeat would not help', () => {
    const exception = new ServiceException('NOT_FOUND', 'no such account');
    expect(exception).toMatchObject({ reason: 'NOT_FOUND', outcome: 'none', retryable: false, callId: '' });
    expect('retryAfterMs' in exception).toBe(false);
    expect('cause' in exception).toBe(false);
  });

  it('keeps its cause out of JSON and of enumeration', () => {
    const exception = new ServiceException('INTERNAL', 'internal error', { cause: new Error('hunter2') });
    expect(JSON.stringify(exception)).not.toContain('hunter2');
    expect(Object.keys(exception)).not.toContain('cause');
  });

  it('knows the number of every status', () => {
    for (const [name, number] of Object.entries(Status)) {
      if (name === 'OK') continue;
      expect(new ServiceException(name as 'INTERNAL', '').code).toBe(number);
    }
  });

  it.each(['OK', 'NOPE', 'toString', 'constructor', '__proto__', '', undefined, null, 14])(
    'refuses %j as a status, and names it',
    (status) => {
      const make = (): unknown => new ServiceException(status as never, 'text');
      expect(make).toThrow(TypeError);
      expect(make).toThrow(`got ${status}`);
    },
  );

  describe('instanceof', () => {
    async function otherCopy(): Promise<typeof ServiceException> {
      vi.resetModules();
      const copy = await import('../../../src/errors/service-exception.js');
      expect(copy.ServiceException).not.toBe(ServiceException);
      return copy.ServiceException;
    }

    it('holds across two copies of the module, in both directions', async () => {
      const Other = await otherCopy();
      expect(new Other('ABORTED', '')).toBeInstanceOf(ServiceException);
      expect(new ServiceException('ABORTED', '')).toBeInstanceOf(Other);
    });

    it('holds for a subclass of the other copy', async () => {
      const Other = await otherCopy();
      class NotFound extends Other {}
      expect(new NotFound('NOT_FOUND', '')).toBeInstanceOf(ServiceException);
      expect(new NotFound('NOT_FOUND', '')).toBeInstanceOf(NotFound);
    });

    it('keeps its ordinary meaning for a subclass', () => {
      class NotFound extends ServiceException {}
      class Gone extends NotFound {}
      expect(new NotFound('NOT_FOUND', '')).toBeInstanceOf(NotFound);
      expect(new NotFound('NOT_FOUND', '')).toBeInstanceOf(ServiceException);
      expect(new Gone('NOT_FOUND', '')).toBeInstanceOf(NotFound);
      expect(new NotFound('NOT_FOUND', '')).not.toBeInstanceOf(Gone);
      expect(new ServiceException('NOT_FOUND', '')).not.toBeInstanceOf(NotFound);
    });

    it.each([undefined, null, 'INTERNAL', 13, {}, new Error('x'), { status: 'INTERNAL', code: 13 }])(
      'does not hold for %j',
      (value) => {
        expect(value instanceof ServiceException).toBe(false);
      },
    );
  });
});
