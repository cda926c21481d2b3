import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstanceFolder } from './instance-folder.js';
import type { Reaper } from './reaper.js';

const POLL_MS = 10;
const GREETING_TIMEOUT_MS = 1_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const SUSPEND_TIMEOUT_MS = 1_000;
const LOG_TAIL_CHARACTERS = 2_000;

/** A command line and the folder it is for. */
export interface ServerCommand {
  readonly path: string;
  readonly args: readonly string[];
  readonly folder: InstanceFolder;
}

/** A running server, known by its process id. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  /** Starts a server and resolves when it greets clients; rejects with the end of its log. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const log = await open(command.folder.log, 'w');
    try {
      const child = spawn(command.path, command.args, {
        cwd: command.folder.path,
        stdio: ['ignore', log.fd, log.fd],
        // A Ctrl-C in the terminal is for this process, which then stops the server.
        detached: true,
      });
      const started = new ServerProcess(child, command.folder.reaper);
      await started.#greeted(command);
      return started;
    } finally {
      await log.close();
    }
  }

  private constructor(child: ChildProcess, reaper: Reaper) {
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    child.unref();
    reaper.pid = child.pid;
    child.once('exit', () => {
      reaper.pid = undefined;
    });
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /** SIGSTOP; returns when no thread runs any more: until then it may still answer. */
  suspend(): void {
    this.signal('SIGSTOP');
    const deadline = performance.now() + SUSPEND_TIMEOUT_MS;
    while (this.running && !isSuspended(this.#child.pid) && performance.now() < deadline);
  }

  /** SIGKILL; resolves when the process has ended. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#wait();
  }

  /** An orderly end; a forced one when that takes too long. */
  async stop(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#wait();
    clearTimeout(timer);
  }

  async #wait(): Promise<void> {
    // Whoever awaits the end wants the process to stay until then.
    if (this.running) this.#child.ref();
    await this.#ended;
  }

  async #greeted(command: ServerCommand): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await greets(command.folder.socket))) {
      if (!this.running || performance.now() > deadline) {
        await this.kill();
        throw new Error(await describeFailure(command));
      }
      await sleep(POLL_MS);
    }
  }
}

async function describeFailure(command: ServerCommand): Promise<string> {
  const log = await readFile(command.folder.log, 'utf8').catch(() => '');
  return `${command.path} did not start. The end of its log:\n${log.slice(-LOG_TAIL_CHARACTERS)}`;
}

/** Whether all threads of a process are stopped. */
function isSuspended(pid: number | undefined): boolean {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).every((task) => /\) [Tt] /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')));
  } catch {
    // A thread has just ended, or there is no /proc: ps tells of the process as a whole.
    const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout?.trim().startsWith('T') ?? true;
  }
}

/**
 * Whether a server says something when one connects: a MySQL server speaks first. Asked through the socket
 * in our own folder, for on the port somebody else may answer; when it is there, the port is.
 */
function greets(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.setTimeout(GREETING_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', () => resolve(false));
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
  });
}
