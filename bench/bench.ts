import type { TestDatabase } from 'fresh-connections/testing';

/** Something that is measured. */
export interface Bench {
  readonly name: string;
  /** What the ratio should be. */
  readonly target: string;
  /** Measures on an empty database, and reports line by line. */
  run(database: TestDatabase, report: (line: string) => void): Promise<void>;
}
