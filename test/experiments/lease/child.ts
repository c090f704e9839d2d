import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What a process of the experiment says on its standard output, a line of JSON each. */
export type ChildEvent = Readonly<Record<string, unknown>>;

/** A program that is started, killed, frozen and started again. Its standard error goes to a file. */
export class Child {
  readonly events: ChildEvent[] = [];
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #logFile: string;
  #process: ChildProcess | null = null;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv, logFile: string) {
    this.#args = args;
    this.#env = env;
    this.#logFile = logFile;
  }

  /** Resolves once it says `ready`. */
  async start(): Promise<void> {
    // Its standard input ends with this process, and the child with it.
    const child = spawn(process.execPath, [...this.#args], {
      env: { ...process.env, ...this.#env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    child.stderr.pipe(createWriteStream(this.#logFile, { flags: 'a' }));
    const ready = Promise.withResolvers<void>();
    child.once('exit', (code, signal) =>
      ready.reject(new Error(`${this.#args[0]} ended early: ${code ?? signal}`)),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as ChildEvent;
      this.events.push(event);
      if ('ready' in event) ready.resolve();
    });
    await ready.promise;
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  /** Kills it and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
