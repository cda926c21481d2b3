import { status as grpcStatus } from '@grpc/grpc-js';
import { Status } from 'fresh-connections';
import { describe, expect, it } from 'vitest';

describe('Status', () => {
  it('has the names and numbers of grpc-js, all of them and no others', () => {
    const names = Object.keys(grpcStatus).filter((name) => Number.isNaN(Number(name)));
    expect(names).toHaveLength(17);
    expect({ ...Status }).toEqual(
      Object.fromEntries(names.map((name) => [name, grpcStatus[name as keyof typeof grpcStatus]])),
    );
  });
});
