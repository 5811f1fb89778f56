import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Journal } from './journal.ts';
import type { Link } from './link.ts';
import type { WorkerSettings } from './worker.ts';

const SCRIPT = fileURLToPath(new URL('worker.ts', import.meta.url));
/** Small, so that a handler that hoards memory ends soon. */
const HEAP = '--max-old-space-size=192';
const RESTART_AFTER = 300;
/** Told to stop, it is killed after so long, as those who deploy do. */
const STOPS_WITHIN = 8_000;

/** What a worker says when a handler starts. */
export interface Started {
  readonly event: 'start' | 'ready';
  readonly job: string;
  readonly attempt: number;
  readonly due: number;
}

type SlotSettings = Omit<WorkerSettings, 'slot' | 'build' | 'address'>;

/** A worker process and those that take its place when it ends. */
export class Slot {
  readonly number: number;
  readonly link: Link;
  build = 'old';
  #child: ChildProcess | undefined;
  #isWanted = false;
  readonly #events = new EventEmitter();
  readonly #settings: SlotSettings;
  readonly #journal: Journal;

  /** @param hear is told of every start of a handler. */
  constructor(number: number, link: Link, journal: Journal, settings: SlotSettings, hear: (start: Started) => void) {
    this.number = number;
    this.link = link;
    this.#journal = journal;
    this.#settings = settings;
    this.#events.on('start', hear);
    this.#events.setMaxListeners(0);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts a process, and another whenever one ends, until told otherwise. */
  start(): void {
    this.#isWanted = true;
    this.#spawn();
  }

  /** The next start of a handler in this slot, or undefined if there is none for so long. */
  async started(within: number, isIt: (start: Started) => boolean = () => true): Promise<Started | undefined> {
    return this.#next('start', within, isIt);
  }

  /** Whether a process of this slot got ready within the time. */
  async ready(within: number): Promise<boolean> {
    return (await this.#next('ready', within, () => true)) !== undefined;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills it, and starts none in its place until told to. */
  async away(): Promise<void> {
    this.#isWanted = false;
    await this.#end('SIGKILL');
  }

  /** In good order. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#end('SIGTERM');
  }

  shiftClock(milliseconds: number): void {
    if (this.#child?.connected) this.#child.send({ shift: milliseconds });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN);
    await exited;
    clearTimeout(timer);
  }

  #spawn(): void {
    const settings: WorkerSettings = {
      ...this.#settings,
      address: this.link.address,
      slot: this.number,
      build: this.build,
    };
    const child = fork(SCRIPT, [JSON.stringify(settings)], {
      execArgv: ['--import', 'tsx', HEAP],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const pid = child.pid ?? 0;
    const log = createWriteStream(join(this.#settings.folder, `worker-${this.number}.log`), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    this.#journal.write({ kind: 'process', phase: 'up', pid, slot: this.number });
    child.on('message', (said: Started) => this.#events.emit(said.event, said));
    child.on('exit', (code, signal) => {
      this.#journal.write({ kind: 'process', phase: 'gone', pid, slot: this.number, how: String(signal ?? code) });
      log.end();
      // A supervisor's part.
      if (this.#isWanted)
        void sleep(RESTART_AFTER).then(() => this.#isWanted && this.#child === child && this.#spawn());
    });
  }

  #next(event: Started['event'], within: number, isIt: (start: Started) => boolean): Promise<Started | undefined> {
    return new Promise((resolve) => {
      const finish = (start?: Started) => {
        clearTimeout(timer);
        this.#events.off(event, hear);
        resolve(start);
      };
      const hear = (start: Started) => isIt(start) && finish(start);
      const timer = setTimeout(finish, within);
      this.#events.on(event, hear);
    });
  }
}
