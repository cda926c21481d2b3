import { onTestFinished, vi } from 'vitest';

/** Stops the clock and the timers for the length of a test; `vi.advanceTimersByTimeAsync` moves both. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}
