import process from 'node:process';

const NAME_WIDTH = 38;
const TICK_MS = 100;

/** Runs a part of the demo and shows it: its name, the seconds it takes while it takes them, what it found. */
export async function progress<T>(name: string, run: () => Promise<T>, found?: () => string): Promise<T> {
  const startedAt = performance.now();
  const line = (): string => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    return `${name.padEnd(NAME_WIDTH)}${seconds.padStart(5)} s`;
  };
  const { stdout } = process;
  const show = (): boolean => stdout.write(`\r${line()}`);
  const ticking = stdout.isTTY ? setInterval(show, TICK_MS) : undefined;
  try {
    const result = await run();
    stdout.write(`${stdout.isTTY ? '\r' : ''}${line()}  ${found?.() ?? ''}\n`);
    return result;
  } finally {
    clearInterval(ticking);
  }
}
