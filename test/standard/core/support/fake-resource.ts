import { onTestFinished } from 'vitest';
import { connections } from '../../../../src/core/registry/registry.js';
import type { Health, Resource, TransactionOptions } from '../../../../src/core/registry/resource.js';

/** A resource that notes what is asked of it. */
export class FakeResource implements Resource {
  readonly name: string;
  readonly health: Health = 'up';
  readonly asked: string[];

  constructor(name = 'default', asked: string[] = []) {
    this.name = name;
    this.asked = asked;
  }

  dropObsolete(): number {
    this.asked.push('dropObsolete');
    return 2;
  }

  async drain(graceMs: number): Promise<void> {
    this.asked.push(`drain ${graceMs}`);
  }
}

/** Registers a resource for the length of a test. */
export function registered<R extends Resource>(resource: R): R {
  connections.add(resource);
  onTestFinished(() => connections.delete(resource));
  return resource;
}

/** The same with transactions, which do nothing but run their work. */
export class FakeTransactionalResource extends FakeResource {
  readonly transactions: (TransactionOptions | undefined)[] = [];

  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T> {
    this.transactions.push(options);
    return work();
  }
}
