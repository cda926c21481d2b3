import type { GlobalVariables } from '../session/variables.js';
import type { ServerAccess } from '../statements/context.js';

/** What a session needs of its server. */
export interface SessionHost {
  readonly access: ServerAccess;
  readonly global: GlobalVariables;
  readonly user: string;
  readonly password: string;
  /** Resolves at once, or when the server is thawed. */
  thawed(): Promise<void>;
}
