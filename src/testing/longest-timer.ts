/** What a timer can wait at most: one that is to wait longer fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;
