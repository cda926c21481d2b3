/** How many clients each server has. */
export const CALLERS = 8;
/** How many accounts each server has. */
export const ACCOUNTS = 20;
/** What is in each account at the start, in cents. */
export const OPENING_BALANCE = 1_000_00;
/** How long a client rests between two calls, in milliseconds. */
export const REST_MS = 20;
/** How long a client waits for an answer, in milliseconds: of a bare server no shorter than of a fresh one. */
export const DEADLINE_MS = 5_000;
