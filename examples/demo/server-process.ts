import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('../../scripts/example.mjs', import.meta.url));
const LOG_CHARACTERS = 4_000;

/** A server in a process of its own, started again whenever it dies, as a supervisor would. */
export class ServerProcess {
  /** How often it died. */
  deaths = 0;
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #port = 0;
  #log = '';
  #stopped = false;

  /** Starts a program of this folder; resolves when it listens. */
  static async start(file: string, env: NodeJS.ProcessEnv): Promise<ServerProcess> {
    const server = new ServerProcess(file, env);
    await server.#run();
    return server;
  }

  private constructor(file: string, env: NodeJS.ProcessEnv) {
    this.#file = fileURLToPath(new URL(file, import.meta.url));
    this.#env = env;
  }

  /** Stays the same when it is started again. */
  get port(): number {
    return this.#port;
  }

  /** The end of what it wrote to standard error. */
  get log(): string {
    return this.#log;
  }

  /** Stops it in its tracks, as a long garbage collection or the host of a virtual machine does. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets it go on. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends it, by its process id; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async #run(): Promise<void> {
    const env = { ...this.#env, PORT: String(this.#port) };
    const child = fork(RUNNER, [this.#file], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARACTERS);
    });
    const exited = once(child, 'exit').then(([code, signal]) => this.#exited(signal ?? `exit code ${code}`));
    const listening = once(child, 'message').then(([message]) => {
      this.#port = (message as { port: number }).port;
    });
    await Promise.race([listening, exited]);
  }

  /** A server that never got as far as listening is a mistake, and not one of the faults. */
  async #exited(how: string): Promise<void> {
    if (this.#stopped) return;
    if (this.#port === 0) throw new Error(`${this.#file} did not start:\n${this.#log}`);
    this.deaths += 1;
    this.#log += `[it died: ${how}, and was started again]\n`;
    await this.#run();
  }
}
