import { globalState } from '../process/global-state.js';
import type { Resource } from './resource.js';

const DEFAULT_GRACE_MS = 10_000;

/** The resources of a process, by name, as in Django's `connections`. */
export class Registry implements Iterable<Resource> {
  readonly #resources = new Map<string, Resource>();

  /**
   * Adds a resource; a resource does this itself when it is created.
   *
   * @throws RangeError when the name is in use.
   */
  add(resource: Resource): void {
    if (this.#resources.has(resource.name)) {
      throw new RangeError(
        `a resource named ${JSON.stringify(resource.name)} is registered already: ` +
          'give this one its own name with `fresh: { name }`, or close the other one first',
      );
    }
    this.#resources.set(resource.name, resource);
  }

  /** Removes a resource; a resource does this itself when it is closed. */
  delete(resource: Resource): void {
    if (this.#resources.get(resource.name) === resource) this.#resources.delete(resource.name);
  }

  /** The resource of that name, if there is one. */
  get(name: string): Resource | undefined {
    return this.#resources.get(name);
  }

  /** How many resources there are. */
  get size(): number {
    return this.#resources.size;
  }

  [Symbol.iterator](): Iterator<Resource> {
    return this.#resources.values();
  }

  /** Drops every idle connection that is unusable or obsolete, and returns how many. */
  closeOldConnections(): number {
    let dropped = 0;
    for (const resource of this.#resources.values()) dropped += resource.dropObsolete();
    return dropped;
  }

  /**
   * Drains every resource at once.
   *
   * @param graceMs how long checkouts may stay out, in milliseconds. Default 10 s.
   */
  async drain(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    await Promise.all([...this.#resources.values()].map((resource) => resource.drain(graceMs)));
  }
}

/** The resources of the process. */
export const connections: Registry = globalState('connections', () => new Registry());

/**
 * Drops every idle connection of the process that is unusable or obsolete, and returns how many. The engine
 * does it before and after each call; this is for anything else. The name is Django's.
 */
export function closeOldConnections(): number {
  return connections.closeOldConnections();
}
