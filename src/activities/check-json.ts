import { ApplicationFailure } from '@temporalio/common';
import { MAX_PAYLOAD_BYTES } from '../job/payload.ts';
import { show } from '../job/show.ts';

/** What the server would not take is the handler's error, and not one to try again. */
export function checkJson(name: 'Result' | 'Progress', value: unknown): unknown {
  const what = `the ${name.toLowerCase()}`;
  const refuse = (why: string) => ApplicationFailure.nonRetryable(`${what} is no JSON value: ${why}`, `Invalid${name}`);
  let json: string | undefined;
  try {
    json = JSON.stringify(value ?? null);
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : show(value));
  }
  if (json === undefined) throw refuse(show(value));
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_PAYLOAD_BYTES) return value ?? null;
  const message = `${what} has ${bytes} bytes as JSON, and at most ${MAX_PAYLOAD_BYTES} are allowed: store it elsewhere and give a reference`;
  throw ApplicationFailure.nonRetryable(message, `${name}TooLarge`);
}
