import type { Metadata } from '@grpc/grpc-js';
import { failureDetails } from 'fresh-connections/grpc';
import { describe, expect, it } from 'vitest';
import { ServiceException, type ServiceExceptionOptions } from '../../../../src/errors/index.js';
import { statusOf } from '../../../../src/rpc/grpc/status-of.js';
import { load, methodOf } from './support/echo-server.js';

// The messages as protobufjs knows them, from Google's own definitions.
const google = load(new URL('./support/rpc-status.proto', import.meta.url), 'google.rpc.Details');

function decode(name: string, bytes: Uint8Array): Record<string, unknown> {
  return methodOf(google, name).requestDeserialize(Buffer.from(bytes)) as unknown as Record<string, unknown>;
}

function encode(name: string, message: object): Buffer {
  return methodOf(google, name).requestSerialize(message as never);
}

function trailers(message: string, options: ServiceExceptionOptions): Metadata {
  const { metadata } = statusOf(new ServiceException('UNAVAILABLE', message, options));
  if (metadata === undefined) throw new Error('no metadata');
  return metadata;
}

function detailsOf(metadata: Metadata): Buffer {
  return metadata.get('grpc-status-details-bin')[0] as Buffer;
}

describe('the status of a failure', () => {
  it('has details that another implementation of protobuf reads', () => {
    const sent = trailers('späť ✓', {
      reason: 'WHY',
      retryable: true,
      retryAfterMs: 2_345,
      callId: 'id-1',
      outcome: 'none',
    });
    const status = decode('Status', detailsOf(sent)) as { code: number; message: string; details: Any[] };
    expect(status).toMatchObject({ code: 14, message: 'späť ✓' });
    const [info, retry] = status.details;
    expect(info?.type_url).toBe('type.googleapis.com/google.rpc.ErrorInfo');
    expect(decode('ErrorInfo', info?.value ?? Buffer.alloc(0))).toEqual({
      reason: 'WHY',
      domain: 'fresh-connections',
      metadata: { outcome: 'none', callId: 'id-1' },
    });
    expect(retry?.type_url).toBe('type.googleapis.com/google.rpc.RetryInfo');
    const { retry_delay } = decode('RetryInfo', retry?.value ?? Buffer.alloc(0)) as { retry_delay: Duration };
    expect([Number(retry_delay.seconds), retry_delay.nanos]).toEqual([2, 345_000_000]);
  });

  it('is read by failureDetails, also beside details of others', () => {
    const metadata = trailers('', { reason: 'WHY', retryAfterMs: 7, callId: 'id-2', outcome: 'unknown' });
    expect(failureDetails({ metadata })).toEqual({
      reason: 'WHY',
      outcome: 'unknown',
      callId: 'id-2',
      retryAfterMs: 7,
    });
    const status = decode('Status', detailsOf(metadata)) as { details: Any[] };
    const details = [{ type_url: 'type.googleapis.com/other', value: Buffer.from([255]) }, ...status.details];
    metadata.set('grpc-status-details-bin', encode('Status', { code: 300, details }));
    expect(failureDetails({ metadata })?.callId).toBe('id-2');
  });

  it('is undefined to failureDetails when it is of another origin, or garbage', () => {
    const metadata = trailers('', {});
    for (const garbage of [[], [255], [26, 200], [7], [26, 2, 18, 9]]) {
      metadata.set('grpc-status-details-bin', Buffer.from(garbage));
      expect(failureDetails({ metadata })).toBeUndefined();
    }
    const info = encode('ErrorInfo', { reason: 'X', domain: 'example.com' });
    const details = [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: info }];
    metadata.set('grpc-status-details-bin', encode('Status', { details }));
    expect(failureDetails({ metadata })).toBeUndefined();
    for (const error of [undefined, null, 'x', new Error('x'), { metadata: {} }])
      expect(failureDetails(error)).toBeUndefined();
  });

  it.each([
    [{ retryable: true }, undefined],
    [{ retryable: true, retryAfterMs: 0 }, '0'],
    [{ retryable: true, retryAfterMs: 10.5 }, '11'],
    [{ retryable: true, retryAfterMs: Number.POSITIVE_INFINITY }, '2147483647'],
    [{ retryable: true, retryAfterMs: Number.NaN }, undefined],
    [{ retryable: true, retryAfterMs: -5 }, undefined],
    [{ retryAfterMs: 10 }, '-1'],
    [{}, '-1'],
  ])('tells a retryPolicy of %j: %s', (options, pushback) => {
    expect(trailers('', options).get('grpc-retry-pushback-ms')[0]).toBe(pushback);
  });

  it.each(['a', 'ä', '€', '😀', '\ud800', '%'])(
    'stays under 4 KB when everything is full of %j',
    (character) => {
      const text = character.repeat(50_000);
      const status = statusOf(
        new ServiceException('INTERNAL', text, { reason: text, callId: 'x'.repeat(36), retryAfterMs: 1 }),
      );
      const headers = status.metadata?.toHttp2Headers() ?? {};
      const bytes = Object.entries(headers).reduce(
        (sum, [key, value]) => sum + key.length + String(value).length,
        0,
      );
      expect(bytes + encodeURI(status.details).length).toBeLessThan(4096);
      expect(status.details.length).toBeGreaterThan(80);
    },
  );
});

interface Any {
  readonly type_url: string;
  readonly value: Buffer;
}

interface Duration {
  readonly seconds: unknown;
  readonly nanos: number;
}
