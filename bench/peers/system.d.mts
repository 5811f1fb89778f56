/** What is measured: a scheduler, set up as its documentation recommends. */
export interface System {
  readonly name: string;
  /** Which of the stores it uses. */
  readonly store: string;
  /** Of what recurs. */
  readonly resolution: 'any' | 'minute';
  /** Whether its one-off jobs are another's. */
  readonly onlyRepeats?: boolean;
  connect(address: string): Promise<Client>;
  work(address: string, handler: Handler, options: WorkOptions): Promise<Work>;
}

/** A server that keeps jobs. */
export interface Store {
  readonly address: string;
  /** With -9. */
  kill(): Promise<void>;
  /** On the data it left; answers when it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `id` is the job's, where its due time is not known. */
export type Handler = (key: string, due?: number, id?: string) => Promise<void>;

/** Times in milliseconds. */
export interface Recurrence {
  readonly every: number;
  readonly first: number;
  readonly last: number;
}

export interface Client {
  /** One job, now or at a time. */
  add(key: string, at?: number): Promise<unknown>;
  repeat(key: string, recurrence: Recurrence): Promise<unknown>;
  /** Tells how many it got. */
  list(limit: number): Promise<number>;
  /** All jobs, where the system has such a thing. */
  pause?(): Promise<unknown>;
  resume?(): Promise<unknown>;
  /** The state of what is not done, by key or `key@due`, where the system tells. */
  standing?(): Promise<Map<string, string>>;
  /** How many due times it counts as skipped. */
  skipped?(keys: string[]): Promise<number>;
  close(): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  /** As fast as it can, where that is another way of working. */
  readonly inBatches?: boolean;
  /** Keys of recurring jobs, for a system whose workers hold them. */
  readonly repeating?: readonly string[];
}

export interface Work {
  /** In good order. */
  close(): Promise<void>;
  /** Where only the worker can be stopped. */
  pause?(): Promise<void>;
  resume?(): Promise<void>;
}
