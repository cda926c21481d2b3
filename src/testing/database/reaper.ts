import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

/**
 * Sees to it that a folder goes, and a server that runs in it ends, when this process ends, however it
 * ends: `exit`, a signal, or SIGKILL. Made when the folder is, and called off when it was removed.
 */
export class Reaper {
  readonly #folder: string;
  readonly #guard: ChildProcess;
  #pid: number | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#guard = spawnGuard(folder);
    if (reapers.size === 0) listen();
    reapers.add(this);
  }

  /** The process that runs in the folder, by its id; undefined when there is none. */
  set pid(pid: number | undefined) {
    this.#pid = pid;
    this.#guard.stdin?.write(`${pid ?? ''}\n`);
  }

  callOff(): void {
    this.#guard.kill('SIGKILL');
    reapers.delete(this);
    if (reapers.size === 0) unlisten();
  }

  /** Synchronous: on 'exit' nothing else runs any more. */
  reap(): void {
    if (this.#pid !== undefined) kill(this.#pid);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    this.callOff();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const reapers: Set<Reaper> = new Set();

/**
 * No handler of ours runs at SIGKILL. A shell is told the process id, notices the end of its standard
 * input, and does the rest.
 */
function spawnGuard(folder: string): ChildProcess {
  const script =
    'pid=; while read -r line; do pid=$line; done; [ -z "$pid" ] || kill -9 "$pid"; sleep 0.1; rm -rf "$1"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C in the terminal is not for it.
    detached: true,
  });
  guard.on('error', () => {});
  guard.unref();
  const { stdin } = guard;
  stdin.on('error', () => {});
  // A socket in truth, and one that must not hold this process open.
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return guard;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function listen(): void {
  process.on('exit', reapAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off('exit', reapAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function reapAll(): void {
  for (const reaper of [...reapers]) reaper.reap();
}

/** Our listening must not change what the signal does to the process. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  reapAll();
  process.kill(process.pid, signal);
}
