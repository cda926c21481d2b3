import { describe, expect, it, vi } from 'vitest';
import { sleep } from '../../../../src/core/process/abort.js';
import { stopClock } from '../support/fake-clock.js';
import { rejection } from '../support/rejection.js';

describe('sleep', () => {
  it('lasts as long as asked', async () => {
    stopClock();
    const awake = vi.fn();
    const slept = sleep(100).then(awake);
    await vi.advanceTimersByTimeAsync(99);
    expect(awake).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await slept;
  });

  it('ends with the reason of the signal, and leaves neither timer nor listener', async () => {
    stopClock();
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const slept = rejection(sleep(100, controller.signal));
    controller.abort('why');
    expect(await slept).toBe('why');
    expect(vi.getTimerCount()).toBe(0);

    const other = new AbortController();
    const removed = vi.spyOn(other.signal, 'removeEventListener');
    const done = sleep(100, other.signal);
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(removed).toHaveBeenCalledOnce();
    expect(remove).not.toHaveBeenCalled();
  });

  it('does not begin when the signal has fired already', async () => {
    stopClock();
    expect(await rejection(sleep(100, AbortSignal.abort('why')))).toBe('why');
    expect(vi.getTimerCount()).toBe(0);
  });
});
