import { twoLoopTurns } from '../process/loop-turns.js';

/**
 * Runs I/O under a deadline of its own. The signal fires at the deadline; the result is given up at the same
 * moment, whether the driver heeds the signal or not, and what it yields later goes to `late`.
 *
 * @param ms the deadline, in milliseconds from now.
 * @throws Error with code `DEADLINE` at the deadline.
 */
export function bounded<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
  late?: (result: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    let state: 'running' | 'settled' | 'over' = 'running';
    const giveUp = (): void => {
      if (state !== 'running') return;
      state = 'over';
      const error = Object.assign(new Error(`gave up after ${ms} ms`), { code: 'DEADLINE' });
      controller.abort(error);
      reject(error);
    };
    // When this process was stalled, timers run before the reply is read that has been there for long.
    const timer = setTimeout(() => void twoLoopTurns().then(giveUp), ms);
    timer.unref();
    run(controller.signal).then(
      (result) => {
        clearTimeout(timer);
        if (state === 'over') return late?.(result);
        state = 'settled';
        resolve(result);
      },
      (error) => {
        clearTimeout(timer);
        if (state === 'running') state = 'settled';
        reject(error);
      },
    );
  });
}
