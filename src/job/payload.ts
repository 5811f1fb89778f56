import { InvalidJobError } from './errors.ts';
import { show } from './show.ts';

/**
 * The most bytes a payload may have as JSON. The server takes 2 MB for a whole schedule or start request, of which
 * the payload is a part.
 */
export const MAX_PAYLOAD_BYTES = 1_900_000;

const MAX_LEVELS = 200;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a name could reach a prototype where it is used as a key. */
export function isForbiddenKey(name: string): boolean {
  return FORBIDDEN_KEYS.has(name);
}

/**
 * Refuses what JSON would change on its way: whoever reads the payload on the worker must find what the client wrote.
 * Properties that are undefined are left out, as JSON leaves them out.
 */
export function assertJson(payload: unknown): void {
  walk(payload, 'payload', new Set());
  const bytes = new TextEncoder().encode(JSON.stringify(payload)).length;
  if (bytes > MAX_PAYLOAD_BYTES) {
    throw new InvalidJobError(
      'payload',
      `payload: expected at most ${MAX_PAYLOAD_BYTES} bytes as JSON, got ${bytes}: store it elsewhere and pass a reference`,
    );
  }
}

function walk(value: unknown, path: string, above: Set<object>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value !== 'object' || !(Array.isArray(value) || isPlain(value))) {
    throw new InvalidJobError(path, `${path}: expected a JSON value, got ${show(value)}`);
  }
  if (above.has(value)) throw new InvalidJobError(path, `${path}: expected a JSON value, got one that contains itself`);
  if (above.size >= MAX_LEVELS)
    throw new InvalidJobError('payload', `payload: expected at most ${MAX_LEVELS} levels, got more`);
  above.add(value);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`, above);
  } else {
    const [symbol] = Object.getOwnPropertySymbols(value);
    if (symbol) throw new InvalidJobError(path, `${path}: expected keys that are text, got ${show(symbol)}`);
    for (const [key, item] of Object.entries(value)) {
      const inner = path + (/^\w{1,60}$/.test(key) ? `.${key}` : `[${show(key)}]`);
      if (isForbiddenKey(key)) {
        throw new InvalidJobError(
          inner,
          `${inner}: expected another key than ${[...FORBIDDEN_KEYS].join(', ')}, got ${show(key)}`,
        );
      }
      if (item !== undefined) walk(item, inner, above);
    }
  }
  above.delete(value);
}

/** Made by `{}`, here or in another realm: a test runner's code, and what `fetch` gives it, can be of two. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
