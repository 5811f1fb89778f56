import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Direction = 'up' | 'down';

/**
 * A TCP connection between a client or worker and the server, with a network in between that can fail. One-way loss holds
 * a direction's bytes back: for TCP a loss is a delay, and then a broken connection.
 */
export class Link {
  readonly #target: () => number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #stalled = new Set<Direction>();
  readonly #waiting = new Set<() => void>();
  #server: Server | undefined;
  #isCut = false;
  #isHalfOpen = false;
  #delay = 0;

  private constructor(target: () => number) {
    this.#target = target;
  }

  static async open(target: () => number): Promise<Link> {
    const link = new Link(target);
    link.#server = createServer((socket) => link.#accept(socket));
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get address(): string {
    const address = this.#server?.address();
    if (!address || typeof address === 'string') throw new Error('the link is closed');
    return `127.0.0.1:${address.port}`;
  }

  /** Connections break, and new ones are refused. */
  cut(): void {
    this.#isCut = true;
    this.#breakAll();
  }

  /** What is sent one way does not arrive. */
  lose(direction: Direction): void {
    this.#stalled.add(direction);
  }

  /** Nothing arrives either way, and nobody hears that the connection is gone; new ones are accepted and never answered. */
  halfOpen(): void {
    this.#isHalfOpen = true;
    this.#stalled.add('up').add('down');
  }

  /** Each piece takes so long. */
  slow(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** @param late whether what was held back arrives now, or its connections break. */
  heal(late: boolean): void {
    const isBroken = this.#isHalfOpen || (this.#stalled.size > 0 && !late);
    this.#isCut = false;
    this.#isHalfOpen = false;
    this.#delay = 0;
    if (isBroken) this.#breakAll();
    this.#stalled.clear();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  close(): void {
    this.cut();
    this.heal(false);
    this.#server?.close();
  }

  #breakAll(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #accept(near: Socket): void {
    if (this.#isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(this.#target(), '127.0.0.1');
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    void this.#carry(near, far, 'up').then(end, end);
    void this.#carry(far, near, 'down').then(end, end);
  }

  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    for await (const piece of from as AsyncIterable<Buffer>) {
      while (this.#stalled.has(direction)) await new Promise<void>((wake) => this.#waiting.add(wake));
      if (this.#delay > 0) await sleep(this.#delay);
      if (to.destroyed) return;
      if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    }
  }
}
