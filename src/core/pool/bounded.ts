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
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      const error = Object.assign(new Error(`gave up after ${ms} ms`), { code: 'DEADLINE' });
      controller.abort(error);
      reject(error);
    }, ms);
    timer.unref();
    run(controller.signal).then(
      (result) => {
        clearTimeout(timer);
        if (over) late?.(result);
        else resolve(result);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
